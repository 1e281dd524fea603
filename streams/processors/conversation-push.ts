/**
 * Step 4, push: a job for each device of each member, the sender's own apart, that no gateway took the message for.
 *
 * Devices are looked up once for all members of a slice, and who is missed is worked out once for messages that share their members
 * and those whom they reached: where all are online, a message of a large group costs no more than one of two. Jobs are handed over in bounded lists, so that a large group of
 * sleeping devices never stands in memory as a whole.
 */
import type { PushJob } from '@parley/schemas/generated/events';
import type { RouteResult } from '../delivery/delivery.ts';
import { deviceKey } from '../delivery/router.ts';
import { jobFor } from '../push/push-jobs.ts';
import type { RoutedMessage } from './conversation-frames.ts';
import type { DeviceDirectory, DeviceRef } from './ports.ts';

const maxJobsInHand = 5_000;

/** The durable queue of push jobs, as far as a processor needs it. */
export interface PushJobSink {
  enqueue(jobs: readonly PushJob[]): Promise<void>;
}

function jobOf({ accepted, conversationId }: RoutedMessage, recipientUserId: string, device: DeviceRef): PushJob {
  return jobFor({
    recipientUserId,
    recipientDeviceId: device.deviceId,
    platform: device.platform,
    senderUserId: accepted.sent.sender_id,
    conversationId,
    messageId: accepted.sent.message_id,
    seq: accepted.seq,
    preview: accepted.sent.preview,
    reason: 'offline',
    // T, not the time of processing: the same event gives the same job.
    enqueuedAtMs: accepted.atMs,
    expiresAtMs: accepted.expiresAtMs,
  });
}

async function devicesOfMembers(messages: readonly RoutedMessage[], devices: DeviceDirectory) {
  const users = new Set<string>();
  for (const members of new Set(messages.map((message) => message.members))) {
    for (const userId of members) users.add(userId);
  }
  const userIds = [...users];
  const found = await devices.devicesOf(userIds);
  return new Map(userIds.map((userId, index) => [userId, found[index] ?? []]));
}

interface Missed {
  readonly userId: string;
  readonly device: DeviceRef;
}

/** Devices that were not reached, by the members and the reached devices that they follow from. */
class MissedDevices {
  readonly #devicesOf: ReadonlyMap<string, readonly DeviceRef[]>;
  readonly #known = new Map<readonly string[], { reached: ReadonlySet<string>; missed: readonly Missed[] }>();

  constructor(devicesOf: ReadonlyMap<string, readonly DeviceRef[]>) {
    this.#devicesOf = devicesOf;
  }

  of(members: readonly string[], reached: ReadonlySet<string>): readonly Missed[] {
    const known = this.#known.get(members);
    if (known?.reached === reached) return known.missed;
    const missed: Missed[] = [];
    for (const userId of members) {
      for (const device of this.#devicesOf.get(userId)!) {
        if (!reached.has(deviceKey(userId, device.deviceId))) missed.push({ userId, device });
      }
    }
    this.#known.set(members, { reached, missed });
    return missed;
  }
}

/** @throws ParleyError of the queue or the directory: the same jobs, under the same ids, are to be enqueued again */
export async function pushToUnreached(
  messages: readonly RoutedMessage[],
  { reached }: RouteResult,
  devices: DeviceDirectory,
  queue: PushJobSink,
): Promise<void> {
  if (messages.length === 0) return;
  const missedDevices = new MissedDevices(await devicesOfMembers(messages, devices));
  let jobs: PushJob[] = [];
  for (const message of messages) {
    const { sender_id: senderId } = message.accepted.sent;
    for (const { userId, device } of missedDevices.of(message.members, reached[message.routable]!)) {
      if (userId !== senderId) jobs.push(jobOf(message, userId, device));
    }
    if (jobs.length >= maxJobsInHand) {
      await queue.enqueue(jobs);
      jobs = [];
    }
  }
  if (jobs.length > 0) await queue.enqueue(jobs);
}
