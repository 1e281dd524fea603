/** Holds work to so many records a second, in small steps, so that what runs beside it feels no bursts. */
import { type Clock, pause, type Timers } from '@parley/schemas/environment/clock';

const leastPauseMs = 20;

export class Pace {
  readonly #perSecond: number | null;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** When what was done so far would have been done at the pace. */
  #dueMs = 0;

  /** null: as fast as it goes. */
  constructor(perSecond: number | null, clock: Clock, timers: Timers) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#timers = timers;
  }

  async took(records: number): Promise<void> {
    if (this.#perSecond === null) return;
    const nowMs = this.#clock.nowMs();
    this.#dueMs = Math.max(this.#dueMs, nowMs) + (records * 1_000) / this.#perSecond;
    if (this.#dueMs - nowMs >= leastPauseMs) await pause(this.#timers, this.#dueMs - nowMs);
  }
}
