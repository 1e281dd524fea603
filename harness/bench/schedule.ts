/**
 * An open loop: message i is due at start + i / rate, whatever became of those before it.
 *
 * Who is late sends all that is due at once, each with the time at which it was meant to be sent: latencies count from there, so that
 * a pause of the server is seen by every message that it would have held up.
 */
export class Schedule {
  readonly #ratePerS: number;
  readonly #count: number;
  readonly #startMs: number;
  #next = 0;

  constructor(ratePerS: number, count: number, startMs: number) {
    this.#ratePerS = ratePerS;
    this.#count = count;
    this.#startMs = startMs;
  }

  get isDone(): boolean {
    return this.#next >= this.#count;
  }

  /** Calls `send` for everything that is due by now and was not sent yet, in order. */
  due(nowMs: number, send: (index: number, intendedAtMs: number) => void): void {
    while (this.#next < this.#count) {
      const intendedAtMs = this.#startMs + (this.#next * 1_000) / this.#ratePerS;
      if (intendedAtMs > nowMs) return;
      send(this.#next++, intendedAtMs);
    }
  }
}

/** So many messages at a steady rate. */
export interface Step {
  readonly ratePerS: number;
  readonly count: number;
}

/**
 * A warm-up that begins slowly: processes that were just started run uncompiled code, and what a full rate piles up before them takes
 * longer to clear than it took to come. A sixth of the time at a quarter of the rate, a sixth at half of it, the rest at all of it.
 */
export function warmUpSteps(ratePerS: number, seconds: number): readonly Step[] {
  const step = (rate: number, s: number): Step => ({ ratePerS: rate, count: Math.round(rate * s) });
  return [step(ratePerS / 4, seconds / 6), step(ratePerS / 2, seconds / 6), step(ratePerS, (seconds * 2) / 3)];
}
