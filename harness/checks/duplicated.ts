/** No device's application is given a message twice, neither under one id nor under two. */
import type { Check } from './check.ts';

export const duplicated: Check = {
  name: 'duplicated',
  means: 'The same message stands in the chat twice.',
  invariants: [2],
  find({ devices }) {
    const repeated: string[] = [];
    for (const { deviceId, received } of devices) {
      for (const messages of received.values()) {
        const contents = new Set<string>();
        const ids = new Set<string>();
        for (const { seq, messageId, content } of messages) {
          if (contents.has(content) || ids.has(messageId))
            repeated.push(`${deviceId} got ${content} again as seq ${seq}`);
          contents.add(content);
          ids.add(messageId);
        }
      }
    }
    return repeated;
  },
};
