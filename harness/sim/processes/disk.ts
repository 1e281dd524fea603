/**
 * A device's disk: calls take effect in the order in which they are made, each a moment later; those of a dead application do not.
 *
 * What a call throws when it is carried out is its answer: a disk may be full.
 */
import type { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';

const mostDelayMs = 8;

export class Disk {
  readonly #random: SeededRandom;
  #lastMs = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  call<T>(life: Life, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!life.beginCall()) return;
      const nowMs = life.time.nowMs();
      this.#lastMs = Math.max(this.#lastMs, nowMs + this.#random.delay(mostDelayMs));
      this.#waiting.push(() => {
        if (!life.isAlive) return;
        let settle: () => void;
        try {
          const result = perform();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        life.enter(settle);
      });
      // Whichever timer of one moment comes first carries out the call that was made first.
      life.time.after(this.#lastMs - nowMs, () => this.#waiting.shift()!());
    });
  }
}
