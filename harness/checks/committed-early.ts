/** No offset is committed past an effect that was not stored (invariant 10). */
import type { Check } from './check.ts';

export const committedEarly: Check = {
  name: 'committed_early',
  means: 'A server crashes at the wrong moment, and a message is gone that everybody thought was sent.',
  invariants: [10],
  find({ unpersisted = [] }) {
    return [...unpersisted];
  },
};
