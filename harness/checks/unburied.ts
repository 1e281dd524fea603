/** What can never be processed is kept whole as a dead letter, is counted, and stops nothing (invariant 12). */
import type { Check } from './check.ts';

export const unburied: Check = {
  name: 'unburied',
  means: 'One broken record makes others disappear without a trace.',
  invariants: [12],
  find({ poison = [], letters }) {
    const lost = poison.flatMap(({ place, isBuried, isWhole }) => {
      if (!isBuried) return [`${place} has no dead letter`];
      return isWhole ? [] : [`the dead letter of ${place} can't be sent again: it is not what stood there`];
    });
    const { kept, counted, isExact } = letters ?? { kept: 0, counted: 0, isExact: false };
    // Who dies takes its counters along, and an append that was given up may be in the log all the same.
    const isWrong = isExact ? counted !== kept : counted > kept;
    return isWrong ? [...lost, `${kept} dead letters, ${counted} were counted`] : lost;
  },
};
