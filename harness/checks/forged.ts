/** What breaks a rule is never shown to anybody (design rules 1, 3 and 5). Such content begins with an exclamation mark. */
import type { Check } from './check.ts';

export const forged: Check = {
  name: 'forged',
  means: 'A message appears in a chat that its sender never wrote, or wrote long ago.',
  invariants: [1],
  find({ devices }) {
    return devices.flatMap(({ deviceId, received }) =>
      [...received.values()]
        .flat()
        .flatMap(({ seq, content }) =>
          content.startsWith('!') ? [`${deviceId} was given ${content} as seq ${seq}`] : [],
        ),
    );
  },
};
