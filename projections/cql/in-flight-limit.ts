/** Bounds how many requests are on their way at once; the others wait in order, and those beyond a bound are refused. */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';

export class InFlightLimit {
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #waiting: Array<() => void> = [];
  #inFlight = 0;

  constructor(max: number, maxWaiting: number) {
    invariant(max >= 1, 'something may be in flight');
    this.#max = max;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws ParleyError `overloaded` */
  async enter(): Promise<void> {
    if (this.#inFlight < this.#max) {
      this.#inFlight++;
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) throw new ParleyError('overloaded', { detail: 'cql' });
    // Whoever leaves hands its place over.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight--;
    else next();
  }
}
