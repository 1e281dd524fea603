/**
 * Whoever lacks a message was sent a push.
 *
 * A device that never was connected was sent one for each message. Any other may have been sent one for the newest that it
 * lacks: the gateway's window, a catch-up and the sweep each answer for a whole run of messages with the last of it. What a user
 * answered, or wrote after, on another device needs no notification on this one.
 */
import type { Check } from './check.ts';
import { type AcceptedSend, acceptedByConversation, type History, isDue, type RecordedDevice } from './history.ts';

function lackedBy(device: RecordedDevice, accepted: readonly AcceptedSend[], conversationId: string): AcceptedSend[] {
  const own = accepted.filter(({ senderId }) => senderId === device.userId).map(({ verdict }) => verdict.seq);
  const got = device.received.get(conversationId)?.map(({ seq }) => seq) ?? [];
  const upTo = Math.max(0, ...own, ...got);
  return accepted.filter(
    ({ senderId, verdict, isSilent }) =>
      isSilent !== true &&
      senderId !== device.userId &&
      verdict.seq > upTo &&
      isDue(device, conversationId, verdict.seq),
  );
}

function pushedSeqs({ pushes }: History): ReadonlyMap<string, ReadonlySet<number>> {
  const pushed = new Map<string, Set<number>>();
  for (const { deviceId, conversationId, seq } of pushes) {
    const key = `${deviceId}/${conversationId}`;
    pushed.set(key, (pushed.get(key) ?? new Set()).add(seq));
  }
  return pushed;
}

export const notNotified: Check = {
  name: 'not_notified',
  means: 'Somebody who is not looking at the app is never told that there is a message.',
  invariants: [13],
  find(history) {
    const accepted = acceptedByConversation(history);
    const pushed = pushedSeqs(history);
    const silent: string[] = [];
    for (const device of history.devices) {
      for (const conversationId of device.conversationIds) {
        const lacked = lackedBy(device, accepted.get(conversationId) ?? [], conversationId);
        if (lacked.length === 0) continue;
        const seqs = pushed.get(`${device.deviceId}/${conversationId}`) ?? new Set<number>();
        const newest = Math.max(...lacked.map(({ verdict }) => verdict.seq));
        const isTold = (seq: number): boolean => (device.wasOnline ? Math.max(0, ...seqs) >= newest : seqs.has(seq));
        for (const { content, verdict } of lacked) {
          if (isTold(verdict.seq)) continue;
          silent.push(`${device.deviceId} has no push for seq ${verdict.seq} (${content})`);
        }
      }
    }
    return silent;
  },
};
