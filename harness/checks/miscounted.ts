/** The number of unread messages is what a recount gives (invariant 6). */
import type { Check } from './check.ts';

export const miscounted: Check = {
  name: 'miscounted',
  means: 'The badge says 3 where nothing is unread, or nothing where something is.',
  invariants: [6],
  find({ unread = [] }) {
    return unread
      .filter(({ shown, recounted }) => shown !== recounted)
      .map(
        ({ userId, conversationId, shown, recounted }) =>
          `${userId} is shown ${shown} unread in ${conversationId}, a recount gives ${recounted}`,
      );
  },
};
