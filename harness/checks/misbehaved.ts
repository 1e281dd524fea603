/** No process throws where nobody catches, or reports a defect of its own. */
import type { Check } from './check.ts';

export const misbehaved: Check = {
  name: 'misbehaved',
  means: 'Something that should never happen happened on a server or in the app.',
  invariants: [12],
  find({ problems = [] }) {
    return [...problems];
  },
};
