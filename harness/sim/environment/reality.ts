/** Takes the real clock, timers and chance away for the length of a run: whoever asks for them is told which line did. */

const names = ['setTimeout', 'setInterval'] as const;

/** Puts them back when the result is called. */
export function forbidReality(): () => void {
  const { now } = Date;
  const { random } = Math;
  const timers = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
  const refuse = (what: string) => () => {
    throw new Error(`${what} is out of reach in a simulation`);
  };
  Date.now = refuse('Date.now');
  Math.random = refuse('Math.random');
  for (const name of names) Object.assign(globalThis, { [name]: refuse(name) });
  return () => {
    Date.now = now;
    Math.random = random;
    Object.assign(globalThis, timers);
  };
}
