/** No body, key or token is in a log line, a metric or a push, and no preview but where its sender wanted it (invariant 8). */
import type { Check } from './check.ts';

const mostShown = 200;

/** As text, as an array of bytes in JSON, and in hexadecimal. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, [...bytes].join(','), bytes.toString('hex')];
}

export const disclosed: Check = {
  name: 'disclosed',
  means: 'Whoever runs the servers, or a push service, reads what was meant for a friend.',
  invariants: [8],
  find({ utterances = [], secrets = [], pushes }) {
    const forms = secrets.flatMap(formsOf);
    const told = utterances.flatMap(({ where, text }) => {
      const found = forms.find((form) => text.includes(form));
      if (found === undefined) return [];
      const at = text.indexOf(found);
      return [`${where} has ${text.slice(Math.max(0, at - mostShown / 2), at + mostShown / 2)}`];
    });
    const pushed = pushes.flatMap(({ deviceId, seq, unchosenText }) =>
      unchosenText === undefined ? [] : [`a push of seq ${seq} to ${deviceId} says ${unchosenText}`],
    );
    return [...told, ...pushed];
  },
};
