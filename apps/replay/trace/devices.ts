/** The devices that a message was for, and what is recorded of each. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { ReceiptRow } from '@parley/streams/processors/ports';
import { receiptsOf } from '../reading/receipts.ts';
import type { Evidence } from './evidence.ts';
import { type DeviceFacts, fateOf } from './fate.ts';
import { type PresenceTimeline, presenceOf } from './presence-timeline.ts';
import { type FoundJob, pushJobsOf } from './push-evidence.ts';
import type { AcceptedMessage } from './verdicts.ts';

/** The consumer group of the pushers. */
const pusherGroup = 'pusher';

export interface TracedDevice {
  readonly user_id: string;
  readonly device_id: string;
  readonly connected: { readonly gateway_id: string; readonly since_ms: number | null } | null;
  readonly delivered_at_ms: number | null;
  readonly read_at_ms: number | null;
  readonly jobs: readonly FoundJob[];
  /** Whether its session is there now, where that can be read. */
  readonly session: string | null;
  /** In one sentence. */
  readonly fate: string;
}

export interface TracedDevices {
  readonly devices: readonly TracedDevice[];
  readonly presence: PresenceTimeline;
  /** Members of whom no device is known. */
  readonly without: readonly string[];
}

interface Gathered {
  readonly message: AcceptedMessage;
  readonly presence: PresenceTimeline;
  readonly receipts: readonly ReceiptRow[];
  readonly jobs: readonly FoundJob[];
  readonly sessions: ReadonlyMap<string, string>;
}

export async function devicesOf(
  cell: { readonly log: LogReader; readonly codec: EventCodec },
  evidence: Evidence,
  conversationId: string,
  message: AcceptedMessage,
): Promise<TracedDevices> {
  const { members, seq, sender, appendedAtMs } = message;
  const presence = await presenceOf(cell, members);
  const receipts = await receiptsOf(cell, conversationId, null);
  const jobs = await pushJobsOf(cell, {
    ...{ conversationId, seq, userIds: members, sinceMs: appendedAtMs },
    pushedUpTo: (partition) => cell.log.committed(pusherGroup, topics.pushJobs, partition),
  });
  const sessions = await sessionsOf(evidence, members);
  const gathered: Gathered = { message, presence, receipts, jobs, sessions };
  const registered = (await evidence.devices?.devicesOf(members)) ?? members.map(() => []);
  const devices: TracedDevice[] = [];
  const without: string[] = [];
  members.forEach((userId, index) => {
    const names = new Set(registered[index]!.map(({ deviceId }) => deviceId));
    for (const deviceId of presence.devicesOf(userId)) names.add(deviceId);
    for (const row of receipts) if (row.userId === userId) names.add(row.deviceId);
    for (const job of jobs) if (job.user_id === userId) names.add(job.device_id);
    if (userId === sender?.userId) names.add(sender.deviceId);
    if (names.size === 0) without.push(userId);
    for (const deviceId of names) devices.push(traced(gathered, userId, deviceId));
  });
  return { devices, presence, without };
}

async function sessionsOf(evidence: Evidence, members: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = (await evidence.sessions?.lookup(members)) ?? [];
  return new Map(found.flat().map(({ userId, deviceId, gatewayId }) => [`${userId}/${deviceId}`, gatewayId]));
}

function traced(gathered: Gathered, userId: string, deviceId: string): TracedDevice {
  const { message, presence, receipts, jobs, sessions } = gathered;
  const { sender, seq } = message;
  const own = receipts.filter((row) => row.userId === userId && row.deviceId === deviceId);
  const reached = (kind: ReceiptRow['kind']): number | null =>
    own.find((row) => row.kind === kind && row.seq >= seq)?.atMs ?? null;
  const connectedAt = presence.at(userId, deviceId, message.appendedAtMs);
  const facts: DeviceFacts = {
    ...{ userId, deviceId, atMs: message.appendedAtMs, seq, connectedAt },
    isSystem: sender === null,
    isSender: userId === sender?.userId,
    isSendingDevice: userId === sender?.userId && deviceId === sender.deviceId,
    connections: presence.connectionsOf(userId, deviceId),
    deliveredAtMs: reached('delivered'),
    readAtMs: reached('read'),
    deliveredUpTo: Math.max(0, ...own.filter(({ kind }) => kind === 'delivered').map((row) => row.seq)),
    jobs: jobs.filter((job) => job.user_id === userId && job.device_id === deviceId),
  };
  return {
    ...{ user_id: userId, device_id: deviceId, jobs: facts.jobs },
    connected: connectedAt === null ? null : { gateway_id: connectedAt.gatewayId, since_ms: connectedAt.onlineAtMs },
    delivered_at_ms: facts.deliveredAtMs,
    read_at_ms: facts.readAtMs,
    session: sessions.get(`${userId}/${deviceId}`) ?? null,
    fate: fateOf(facts),
  };
}
