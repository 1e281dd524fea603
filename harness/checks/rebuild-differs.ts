/** A projection that is derived from the log again is the same (invariant 5). */
import type { Check } from './check.ts';

export const rebuildDiffers: Check = {
  name: 'rebuild_differs',
  means: 'After an upgrade that rebuilds a table, chats look different from the day before.',
  invariants: [5],
  find({ rebuilds = [] }) {
    return rebuilds.flatMap(({ table, different }) => different.map((cell) => `${table}: ${cell}`));
  },
};
