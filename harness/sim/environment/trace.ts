/** What happens in a run, line by line: hashed always, so that two runs can be compared; kept only where somebody wants to read it. */
import { createHash } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';

export class Trace {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #hash = createHash('sha256');
  readonly lines: string[] | null;
  events = 0;

  constructor(clock: Clock, keepsLines: boolean) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    this.lines = keepsLines ? [] : null;
  }

  add(who: string, what: string): void {
    this.events++;
    const line = `${this.#clock.nowMs() - this.#startMs} ${who} ${what}`;
    this.#hash.update(line);
    this.lines?.push(line);
  }

  /** Of everything up to now; nothing can be added afterwards. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}
