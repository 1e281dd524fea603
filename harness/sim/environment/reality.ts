/** Takes the real clock, timers and chance away for the length of a run: whoever asks for them is told which line did. */

const names = ['setTimeout', 'setInterval'] as const;

export type Aside = <T>(work: () => Promise<T>) => Promise<T>;

export interface ForbiddenReality {
  /** Puts it back for good. */
  end(): void;
  /** Puts it back while something is done that a run only looks at afterwards: native stores have timers of their own. */
  readonly aside: Aside;
}

export function forbidReality(): ForbiddenReality {
  const { now } = Date;
  const { random } = Math;
  const timers = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
  const refuse = (what: string) => () => {
    throw new Error(`${what} is out of reach in a simulation`);
  };
  const begin = (): void => {
    Date.now = refuse('Date.now');
    Math.random = refuse('Math.random');
    for (const name of names) Object.assign(globalThis, { [name]: refuse(name) });
  };
  const end = (): void => {
    Date.now = now;
    Math.random = random;
    Object.assign(globalThis, timers);
  };
  begin();
  return {
    end,
    async aside(work) {
      end();
      try {
        return await work();
      } finally {
        begin();
      }
    },
  };
}
