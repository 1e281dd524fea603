/**
 * Nobody is refused for reasons that lie with the system: an id that it should have known, a clock that it should have corrected,
 * a membership that it should have seen.
 */
import type { Check } from './check.ts';

const own: ReadonlySet<string> = new Set([
  ...['out_of_window', 'conflict', 'invalid_message_id', 'clock_ahead', 'rules_unknown', 'malformed_frame'],
]);

export const turnedAway: Check = {
  name: 'turned_away',
  means: 'A message that nothing is wrong with comes back with a red exclamation mark, whatever its sender tries.',
  invariants: [1],
  find({ sends }) {
    return sends.flatMap(({ content, verdict, isFlawless }) =>
      verdict?.kind === 'refused' && (isFlawless === true || own.has(verdict.code))
        ? [`${content} was refused: ${verdict.code}`]
        : [],
    );
  },
};
