/** Each device's application is given a conversation by seq, one after the other without a gap. */
import type { Check } from './check.ts';

export const outOfOrder: Check = {
  name: 'out_of_order',
  means: 'An answer stands above its question, or a message slips into the chat above what was read already.',
  find({ devices }) {
    const wrong: string[] = [];
    for (const { deviceId, received } of devices) {
      for (const messages of received.values()) {
        for (let index = 1; index < messages.length; index++) {
          const before = messages[index - 1]!.seq;
          const { seq } = messages[index]!;
          if (seq !== before + 1) wrong.push(`${deviceId} got seq ${seq} after ${before}`);
        }
      }
    }
    return wrong;
  },
};
