/**
 * A request to something outside the process, as networks do it: late, not at all, or done without saying so.
 *
 * Most requests arrive, are carried out, and are answered, each after a while of its own, so that requests overtake each other.
 * A faulty one fails in one of four ways: it never arrives; it is carried out and its answer is lost; it is carried out long after
 * its failure was told; or nobody says anything until the caller's time is up. For the caller all four are `unavailable`.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Pipe } from '../network/pipe.ts';
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

type FailureKind = 'refused' | 'unanswered' | 'late' | 'silent';

export class Remote {
  readonly #random: SeededRandom;
  readonly faults: RemoteFaults;
  readonly #name: string;
  /** Of processes that have one connection, on which requests and answers stay in order; null: each goes for itself. */
  readonly #connections: WeakMap<Life, { readonly there: Pipe; readonly back: Pipe }> | null;

  constructor(name: string, random: SeededRandom, faults: RemoteFaults, keepsOrder = false) {
    this.#name = name;
    this.#random = random;
    this.faults = faults;
    this.#connections = keepsOrder ? new WeakMap() : null;
  }

  /**
   * `perform` is run when the request arrives, outside of the caller's process; what it throws is the answer.
   * @throws ParleyError `unavailable`; it may have been carried out all the same
   */
  call<T>(life: Life, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!life.beginCall()) return;
      const { failure, isDown } = this.faults;
      if (isDown || this.#random.chance(failure)) {
        this.#fail(life, perform, reject);
        return;
      }
      this.#there(life, () => {
        let settle: () => void;
        try {
          const result = perform();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        this.#back(life, () => life.enter(settle));
      });
    });
  }

  #there(life: Life, run: () => void): void {
    if (this.#connections === null) life.time.after(this.#delay(), run);
    else this.#connectionOf(life).there.send(0, run);
  }

  #back(life: Life, run: () => void): void {
    if (this.#connections === null) life.time.after(this.#delay(), run);
    else this.#connectionOf(life).back.send(0, run);
  }

  #connectionOf(life: Life): { readonly there: Pipe; readonly back: Pipe } {
    let connection = this.#connections!.get(life);
    if (connection === undefined) {
      const options = { time: life.time, random: this.#random, mostDelayMs: () => this.faults.mostDelayMs };
      connection = { there: new Pipe(options), back: new Pipe(options) };
      this.#connections!.set(life, connection);
    }
    return connection;
  }

  #delay(): number {
    return this.#random.delay(this.faults.mostDelayMs);
  }

  #fail(life: Life, perform: () => unknown, reject: (error: unknown) => void): void {
    const kind = this.#kindOfFailure();
    const failAfterMs = kind === 'silent' ? timeoutMs : this.#delay() + this.#delay();
    if (kind === 'unanswered') this.#there(life, () => this.#quietly(perform));
    if (kind === 'late') {
      life.time.after(failAfterMs + this.#random.between(1, mostLatenessMs), () => this.#quietly(perform));
    }
    const error = new ParleyError('unavailable', { detail: `${this.#name}: ${kind}` });
    life.time.after(failAfterMs, () => life.enter(() => reject(error)));
  }

  #kindOfFailure(): FailureKind {
    if (this.faults.isDown) return 'refused';
    const kind = this.#random.pick(['refused', 'unanswered', 'late', 'silent'] as const);
    // What was sent on a connection arrives before what is sent on it later, or not at all.
    return kind === 'late' && this.#connections !== null ? 'unanswered' : kind;
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
