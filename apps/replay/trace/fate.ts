/**
 * What became of a message on one device, in one sentence that claims no more than is recorded.
 *
 * Whom a gateway was given a frame for is recorded nowhere: that a device was connected when the message was decided says that it was
 * routed there, and only its receipt says that it arrived.
 */

import type { Connection } from './presence-timeline.ts';
import type { FoundJob } from './push-evidence.ts';

export interface DeviceFacts {
  readonly userId: string;
  readonly deviceId: string;
  /** It tells of a change in the directory. */
  readonly isSystem: boolean;
  readonly isSendingDevice: boolean;
  readonly isSender: boolean;
  /** When the message was appended. */
  readonly atMs: number;
  readonly seq: number;
  /** In order; empty where chat.presence tells nothing (any more). */
  readonly connections: readonly Connection[];
  /** Open when the message was appended. */
  readonly connectedAt: Connection | null;
  /** When the device said that it has it; null if it did not. */
  readonly deliveredAtMs: number | null;
  readonly readAtMs: number | null;
  /** The highest seq that it ever said; 0 if none. */
  readonly deliveredUpTo: number;
  readonly jobs: readonly FoundJob[];
}

const time = (ms: number): string => new Date(ms).toISOString();

export function fateOf(facts: DeviceFacts): string {
  if (facts.isSendingDevice) return 'sent it';
  if (facts.deliveredAtMs !== null) return arrived(facts, facts.deliveredAtMs);
  const parts = [whereItWas(facts), sinceThen(facts), pushed(facts)].filter((part) => part !== '');
  return parts.join('; ');
}

function arrived({ connectedAt, readAtMs, ...facts }: DeviceFacts, deliveredAtMs: number): string {
  const how = connectedAt === null ? 'was offline then and' : `was connected to ${connectedAt.gatewayId} and`;
  const read = readAtMs === null ? '' : `, and read at ${time(readAtMs)}`;
  const after = facts.jobs.some((job) => job.seq === facts.seq) ? ', after a push' : '';
  return `${how} acknowledged it at ${time(deliveredAtMs)}${after}${read}`;
}

function whereItWas({ connectedAt, connections, atMs }: DeviceFacts): string {
  if (connectedAt !== null) {
    const since = connectedAt.onlineAtMs === null ? '' : ` since ${time(connectedAt.onlineAtMs)}`;
    return `was connected to ${connectedAt.gatewayId}${since} and did not acknowledge it`;
  }
  const before = connections.filter(({ offlineAtMs }) => offlineAtMs !== null && offlineAtMs <= atMs).at(-1);
  if (before === undefined) return 'was not connected: chat.presence knows no connection of it before';
  const how = before.swept ? ', when its lease ran out' : '';
  return `was offline since ${time(before.offlineAtMs!)}${how}`;
}

function sinceThen({ connections, connectedAt, atMs, deliveredUpTo }: DeviceFacts): string {
  const later = connections.filter(({ onlineAtMs }) => onlineAtMs !== null && onlineAtMs > atMs).at(-1);
  const said =
    deliveredUpTo === 0 ? 'has never acknowledged anything here' : `has acknowledged up to #${deliveredUpTo}`;
  if (later !== undefined) {
    const ended = later.offlineAtMs === null ? '' : ` until ${time(later.offlineAtMs)}`;
    return `has connected since, to ${later.gatewayId} at ${time(later.onlineAtMs!)}${ended}, and ${said}`;
  }
  if (connectedAt === null) return 'has not connected since';
  if (connectedAt.offlineAtMs === null) return `is still connected and ${said}`;
  const how = connectedAt.swept ? ' (its lease ran out)' : '';
  return `that connection ended at ${time(connectedAt.offlineAtMs)}${how} and it has not connected since`;
}

function pushed({ jobs, isSystem, isSender, seq }: DeviceFacts): string {
  if (isSystem) return 'nobody is notified of a change of a group';
  if (isSender) return 'devices of the sender are not pushed to';
  const own = jobs.find((job) => job.seq === seq) ?? jobs[0];
  if (own === undefined) return 'no push job names it (push.jobs is kept for 7 days)';
  const what = own.seq === seq ? 'a push job' : `a push job for the later #${own.seq}`;
  const appended = `${what} was appended at ${time(own.appended_at_ms)} (${own.reason}) to push.jobs/${own.partition}/${own.offset}`;
  if (own.taken === null) return `${appended}; whether a pusher took it is not known here`;
  return own.taken
    ? `${appended} and a pusher has handled it: whether it was sent or dropped is in that pusher's log and counters only`
    : `${appended} and waits for a pusher`;
}
