/** What a user keeps about a conversation, and what is unread in it, is the same in the log, in the store and on each of their devices. */
import type { Check } from './check.ts';

export const marksDiffer: Check = {
  name: 'marks_differ',
  means: 'A chat that was pinned, muted, read or deleted on the phone is still as it was on the computer.',
  invariants: [5, 6],
  find({ marks = [] }) {
    return marks
      .filter(({ shown, actual }) => shown !== actual)
      .map(
        ({ userId, conversationId, toldTo, shown, actual }) =>
          `${toldTo} has ${shown} of ${conversationId}, it is ${actual} for ${userId}`,
      );
  },
};
