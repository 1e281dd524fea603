/** What the rules say of a message is what was decided of it (design rules 1 to 5, and 20). */
import type { Check } from './check.ts';

export const misjudged: Check = {
  name: 'misjudged',
  means: 'A message is refused that belongs into the chat, or has a ✓ that belongs to another.',
  invariants: [1, 2, 3],
  find({ misjudgements = [] }) {
    return [...misjudgements];
  },
};
