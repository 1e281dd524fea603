/**
 * Pushes for a device whose gateway died: whatever it may have been sent live and did not acknowledge (design rule 14).
 *
 * Its conversation list is compared with its delivered watermarks. A conversation gets a job if its last message lies above the
 * device's watermark and is not the user's own. Messages older than `pushHorizonMs` had their push, or their sweep, long ago.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { PushJob } from '@parley/schemas/generated/events';
import { jobFor } from '../push/push-jobs.ts';
import { inParallel } from './in-parallel.ts';
import type { InboxPages, InboxSummary, PresenceLease, WatermarksOfDevices } from './presence-ports.ts';

const pageEntries = 200;
const maxPages = 50;
const maxReadsInFlight = 16;
export const pushHorizonMs = 7 * 86_400_000;

export interface LostDeviceDependencies {
  readonly inbox: InboxPages;
  readonly watermarks: WatermarksOfDevices;
  readonly clock: Clock;
}

export async function jobsForLostDevice(
  { userId, deviceId }: PresenceLease,
  { inbox, watermarks, clock }: LostDeviceDependencies,
): Promise<PushJob[]> {
  const nowMs = clock.nowMs();
  const jobs: PushJob[] = [];
  let after: string | null = null;
  for (let page = 0; page < maxPages; page++) {
    const entries: readonly InboxSummary[] = await inbox.list(userId, { after, limit: pageEntries });
    const candidates = entries.filter((entry) => mayLack(entry, nowMs));
    const delivered = await inParallel(candidates, maxReadsInFlight, async ({ conversationId }) => {
      const marks = await watermarks.watermarks(conversationId, userId);
      return Math.max(0, ...marks.flatMap((one) => (isDelivered(one, deviceId) ? [one.seq] : [])));
    });
    candidates.forEach((entry, index) => {
      if (entry.lastSeq > delivered[index]!) jobs.push(jobOf(entry, userId, deviceId, nowMs));
    });
    if (entries.length < pageEntries) break;
    after = entries.at(-1)!.conversationId;
  }
  return jobs;
}

function mayLack({ lastMessageAtMs, lastOrdinal, ownOrdinal, leftSeq }: InboxSummary, nowMs: number): boolean {
  if (leftSeq !== null || lastMessageAtMs === null || lastOrdinal <= ownOrdinal) return false;
  return nowMs - lastMessageAtMs < pushHorizonMs;
}

const isDelivered = (mark: { readonly deviceId: string; readonly kind: string }, deviceId: string): boolean =>
  mark.kind === 'delivered' && mark.deviceId === deviceId;

function jobOf(entry: InboxSummary, userId: string, deviceId: string, nowMs: number): PushJob {
  return jobFor({
    recipientUserId: userId,
    recipientDeviceId: deviceId,
    platform: null,
    senderUserId: entry.otherUserId,
    conversationId: entry.conversationId,
    messageId: null,
    seq: entry.lastSeq,
    preview: entry.lastMessagePreview,
    reason: 'gateway_lost',
    enqueuedAtMs: nowMs,
    expiresAtMs: null,
  });
}
