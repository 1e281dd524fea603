/** Who types and who is here is shown to those who may see it, and to nobody else. */
import type { Check } from './check.ts';

export const shownToOutsiders: Check = {
  name: 'shown_to_outsiders',
  means: 'Somebody who hides when they were last online is watched all the same.',
  invariants: [],
  find: ({ shownToOutsiders: found = [] }) => [...found],
};
