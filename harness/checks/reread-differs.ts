/** Whoever fetches or pages a conversation from its beginning is given what the log holds for them (invariants 3 and 9). */
import type { Check } from './check.ts';
import type { RecordedMessage } from './history.ts';

const textOf = (messages: readonly RecordedMessage[]): string =>
  messages.map(({ seq, messageId }) => `${seq} ${messageId}`).join(', ');

export const rereadDiffers: Check = {
  name: 'reread_differs',
  means: 'After a change of phone, or on scrolling back, messages are missing, double, or in another order.',
  invariants: [3, 9],
  find({ readings = [] }) {
    return readings
      .filter(({ given, expected }) => textOf(given) !== textOf(expected))
      .map(
        ({ userId, conversationId, by, given, expected }) =>
          `${userId} reads ${conversationId} by ${by} as [${textOf(given)}], it is [${textOf(expected)}]`,
      );
  },
};
