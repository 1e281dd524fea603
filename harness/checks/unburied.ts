/** What can never be processed is kept as a dead letter, and stops nothing (invariant 12). */
import type { Check } from './check.ts';

export const unburied: Check = {
  name: 'unburied',
  means: 'One broken record makes others disappear without a trace.',
  find({ poison = [] }) {
    return poison.filter(({ isBuried }) => !isBuried).map(({ place }) => `${place} has no dead letter`);
  },
};
