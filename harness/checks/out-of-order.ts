/** Each device's application is given a conversation by seq, one after the other without a gap. */
import type { Check } from './check.ts';
import { isDue, type RecordedDevice } from './history.ts';

/** What the device may see next after a seq; no further than the seq that came. */
function nextFor(device: RecordedDevice, conversationId: string, after: number, came: number): number {
  let next = after + 1;
  while (next < came && !isDue(device, conversationId, next)) next++;
  return next;
}

export const outOfOrder: Check = {
  name: 'out_of_order',
  means: 'An answer stands above its question, or a message slips into the chat above what was read already.',
  invariants: [3, 9],
  find({ devices }) {
    const wrong: string[] = [];
    for (const device of devices) {
      for (const [conversationId, messages] of device.received) {
        for (let index = 1; index < messages.length; index++) {
          const before = messages[index - 1]!.seq;
          const { seq, atMs = 0 } = messages[index]!;
          const earlierAtMs = messages[index - 1]!.atMs ?? 0;
          if (atMs < earlierAtMs) wrong.push(`${device.deviceId}: T of seq ${seq} is before that of ${before}`);
          if (seq === nextFor(device, conversationId, before, seq)) continue;
          wrong.push(`${device.deviceId} got seq ${seq} after ${before}`);
        }
      }
    }
    return wrong;
  },
};
