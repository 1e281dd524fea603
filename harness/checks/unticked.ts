/** What a device has taken is known of it once all is calm, and what is known never goes back (invariant 4). */
import type { Check } from './check.ts';

const rank = { sent: 0, delivered: 1, read: 2 } as const;

export const unticked: Check = {
  name: 'unticked',
  means: 'A message that was read stays at one tick for ever, or its blue ticks turn grey again.',
  invariants: [4],
  find({ watermarks = [], statuses = [] }) {
    const behind = watermarks
      .filter(({ has, known }) => known < has)
      .map(
        ({ deviceId, conversationId, has, known }) =>
          `${deviceId} has ${conversationId} up to ${has}, known is ${known}`,
      );
    const backwards = statuses
      .filter(({ steps }) => steps.some((step, index) => index > 0 && rank[step] < rank[steps[index - 1]!]))
      .map(({ deviceId, messageId, steps }) => `${messageId} went ${steps.join(', ')} on ${deviceId}`);
    const waiting = statuses
      .filter(({ steps, isDelivered }) => isDelivered === true && steps.at(-1) === 'sent')
      .map(({ deviceId, messageId }) => `${messageId} is delivered to all, ${deviceId} shows one tick`);
    return [...behind, ...backwards, ...waiting];
  },
};
