/** Nothing that was sent as the rules ask is refused, whatever fails meanwhile. For runs that send nothing else. */
import type { Check } from './check.ts';

export const refused: Check = {
  name: 'refused',
  means: 'A message that nothing is wrong with comes back with a red exclamation mark.',
  invariants: [1],
  find({ sends }) {
    return sends.flatMap(({ verdict, content }) =>
      verdict?.kind === 'refused' ? [`${content} was refused: ${verdict.code}`] : [],
    );
  },
};
