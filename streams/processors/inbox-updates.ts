/**
 * What a user does on one device shows on their others: marks, and how far they have read.
 *
 * Whatever may have changed of an entry, the entry itself is told, as it is projected by then. So a batch that comes again tells the
 * truth again, and a device that was told two entries keeps of each part the newer. The entry is read only if somebody is there to be
 * told: the device that has read knows.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { Routable } from '../delivery/delivery.ts';
import type { Router } from '../delivery/router.ts';
import { inParallel } from './in-parallel.ts';
import type { InboxLookup, PersonalMark } from './ports.ts';
import type { Advance } from './receipts-merge.ts';

interface Changed {
  readonly userId: string;
  readonly conversationId: string;
  /** That one knows; null: all are told. */
  readonly exceptDeviceId: string | null;
}

const maxReadsInFlight = 32;

export async function inboxUpdates(
  router: Router,
  inbox: InboxLookup,
  marks: readonly PersonalMark[],
  reads: readonly Advance[],
): Promise<Routable[]> {
  const changed = new Map<string, Changed>();
  for (const { userId, conversationId, deviceId } of reads) {
    changed.set(`${userId}/${conversationId}`, { userId, conversationId, exceptDeviceId: deviceId });
  }
  for (const { userId, conversationId } of marks) {
    changed.set(`${userId}/${conversationId}`, { userId, conversationId, exceptDeviceId: null });
  }
  const listeners = await whoListens(router, [...changed.values()]);
  const entries = await inParallel(listeners, maxReadsInFlight, ({ userId, conversationId }) =>
    inbox.entryOf(userId, conversationId),
  );
  return listeners.flatMap(({ userId, exceptDeviceId }, index) => {
    const entry = entries[index]!;
    if (entry === null) return [];
    const frame = encodeFrame('inbox_update', { request_id: null, entry });
    const except = exceptDeviceId === null ? {} : { exceptDeviceId };
    return [{ frame, position: null, userIds: [userId], ...except }];
  });
}

async function whoListens(router: Router, changed: readonly Changed[]): Promise<readonly Changed[]> {
  const userIds = [...new Set(changed.map(({ userId }) => userId))];
  const sessions = await router.connectionsOf(userIds);
  const devices = new Map(userIds.map((userId, index) => [userId, sessions[index]!]));
  return changed.filter(({ userId, exceptDeviceId }) =>
    devices.get(userId)!.some(({ deviceId }) => deviceId !== exceptDeviceId),
  );
}
