/**
 * A request to something outside the process, as networks do it: late, not at all, or done without saying so.
 *
 * Most requests arrive, are carried out, and are answered, each after a while of its own, so that requests overtake each other.
 * A faulty one fails in one of four ways: it never arrives; it is carried out and its answer is lost; it is carried out long after
 * its failure was told; or nobody says anything until the caller's time is up. For the caller all four are `unavailable`.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Life } from './life.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface RemoteFaults {
  /** Of one way. */
  mostDelayMs: number;
  /** Of a request to fail. */
  failure: number;
  /** True while it does not answer at all. */
  isDown: boolean;
}

const timeoutMs = 2_000;
const mostLatenessMs = 8_000;

export class Remote {
  readonly #random: SeededRandom;
  readonly faults: RemoteFaults;
  readonly #name: string;

  constructor(name: string, random: SeededRandom, faults: RemoteFaults) {
    this.#name = name;
    this.#random = random;
    this.faults = faults;
  }

  /**
   * `perform` is run when the request arrives, outside of the caller's process; what it throws is the answer.
   * @throws ParleyError `unavailable`; it may have been carried out all the same
   */
  call<T>(life: Life, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!life.beginCall()) return;
      const { mostDelayMs, failure, isDown } = this.faults;
      const there = this.#random.delay(mostDelayMs);
      const back = this.#random.delay(mostDelayMs);
      if (isDown || this.#random.chance(failure)) {
        this.#fail(life, perform, reject, there + back);
        return;
      }
      life.time.after(there, () => {
        let settle: () => void;
        try {
          const result = perform();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        life.time.after(back, () => life.enter(settle));
      });
    });
  }

  #fail(life: Life, perform: () => unknown, reject: (error: unknown) => void, delayMs: number): void {
    const kind = this.faults.isDown
      ? 'refused'
      : this.#random.pick(['refused', 'unanswered', 'late', 'silent'] as const);
    const failAfterMs = kind === 'silent' ? timeoutMs : delayMs;
    if (kind === 'unanswered') life.time.after(Math.floor(delayMs / 2), () => void this.#quietly(perform));
    if (kind === 'late') {
      life.time.after(delayMs + this.#random.between(1, mostLatenessMs), () => void this.#quietly(perform));
    }
    const error = new ParleyError('unavailable', { detail: `${this.#name}: ${kind}` });
    life.time.after(failAfterMs, () => life.enter(() => reject(error)));
  }

  /** Nobody waits for the answer. */
  #quietly(perform: () => unknown): void {
    try {
      perform();
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
    }
  }
}
