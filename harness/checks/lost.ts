/** Every accepted message is on every connected device of every member. */
import type { Check } from './check.ts';
import { acceptedByConversation, isDue } from './history.ts';

export const lost: Check = {
  name: 'lost',
  means: 'A message that its sender sees with a ✓ never appears on a device that is online.',
  invariants: [1],
  find(history) {
    const accepted = acceptedByConversation(history);
    const missing: string[] = [];
    for (const device of history.devices) {
      if (!device.isOnline) continue;
      for (const conversationId of device.conversationIds) {
        const contents = new Set(device.received.get(conversationId)?.map(({ content }) => content));
        for (const { content, verdict } of accepted.get(conversationId) ?? []) {
          if (!isDue(device, conversationId, verdict.seq)) continue;
          if (!contents.has(content)) missing.push(`${device.deviceId} lacks seq ${verdict.seq} (${content})`);
        }
      }
    }
    return missing;
  },
};
