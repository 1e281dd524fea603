/** Processes that die between any two steps of their work. */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { Append } from '@parley/streams/log/log';
import type { RelayedOutbox } from './outbox.ts';
import type { FailingLog } from './relay.fixture.ts';

export interface Death {
  /** Dies at the call of this number: of the outbox, or of the log. */
  readonly atCall: number;
  /** What it asked for was done all the same. */
  readonly isDone: boolean;
}

const never = new Promise<never>(() => undefined);

/** One process: all that a relay asks of the world goes through it, takes a while, and ends with its death. */
export class Mortal implements Timers {
  readonly #time: VirtualTime;
  readonly #death: Death | null;
  readonly #delayMs: () => number;
  #calls = 0;
  #isDead = false;

  constructor(time: VirtualTime, death: Death | null, delayMs: () => number) {
    this.#time = time;
    this.#death = death;
    this.#delayMs = delayMs;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    return this.#time.after(delayMs, () => this.#isDead || run());
  }

  every(intervalMs: number, run: () => void): TimerHandle {
    return this.#time.every(intervalMs, () => this.#isDead || run());
  }

  /** False for a call that never reaches what it calls. */
  #arrives(): boolean {
    if (this.#isDead) return false;
    this.#isDead = ++this.#calls === this.#death?.atCall;
    return !this.#isDead || this.#death!.isDone;
  }

  async #pass<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#arrives()) return never;
    const answer = await work();
    await new Promise<void>((resolve) => this.#time.after(this.#delayMs(), resolve));
    return this.#isDead ? never : answer;
  }

  outbox(outbox: RelayedOutbox): RelayedOutbox {
    return {
      waiting: (after, limit) => this.#pass(() => outbox.waiting(after, limit)),
      claim: (lease) => this.#pass(() => outbox.claim(lease)),
      release: (id, holder, atMs) => this.#pass(() => outbox.release(id, holder, atMs)),
      unsent: (id, limit) => this.#pass(() => outbox.unsent(id, limit)),
      markSent: (id, upTo, nowMs) => this.#pass(() => outbox.markSent(id, upTo, nowMs)),
      isSent: (id, version) => this.#pass(() => outbox.isSent(id, version)),
      backlog: (limit) => this.#pass(() => outbox.backlog(limit)),
      forget: (beforeMs, limit) => this.#pass(() => outbox.forget(beforeMs, limit)),
    };
  }

  log(log: FailingLog): { append(record: Append): void } {
    return {
      append: (record) => {
        if (!this.#arrives()) return;
        const tell = (say: () => void) => this.#time.after(this.#delayMs(), () => this.#isDead || say());
        log.append({
          ...record,
          appended: (partition, offset) => tell(() => record.appended(partition, offset)),
          failed: (error) => tell(() => record.failed(error)),
        });
      },
    };
  }
}
