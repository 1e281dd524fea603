/** What a conversation or a connection costs has a bound, and what has ended leaves nothing behind (invariant 11). */
import type { Check } from './check.ts';

export const unbounded: Check = {
  name: 'unbounded',
  means: 'The service slows down from week to week, and stops for everybody until it is started anew.',
  invariants: [11],
  find({ sizes = [], leftovers = [] }) {
    const large = sizes.filter(({ size, atMost }) => size > atMost);
    return [...large.map(({ what, size, atMost }) => `${what}: ${size}, at most ${atMost}`), ...leftovers];
  },
};
