/**
 * One life of a process: from its start until it crashes. Everything that reaches the process from outside passes through it.
 *
 * Timers, answers of ports, and what comes from the network `enter` the process. After a crash nothing enters any more: promises
 * of its ports never settle, its timers never fire, and what it still tries to do on its last turn goes nowhere. While it is
 * frozen (a paused machine, a long collection) what would enter waits, in order, and enters when it thaws.
 *
 * `call` is a request over the network to something that outlives the process. A crash may be aimed at one of the next calls,
 * so that processes die between any two steps of their work; then the request may still arrive, or not.
 */
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { VirtualTime } from '@parley/schemas/environment/virtual-time';

/** What a request needs of time and chance: given to each life by the world. */
export interface CallTimes {
  /** How long a request, or an answer, is on its way. */
  oneWayMs(): number;
}

export interface LifeOptions {
  readonly name: string;
  readonly time: VirtualTime;
  /** Of the process's own clock. */
  readonly skewMs: () => number;
  /** Told once, on the turn on which the process dies. */
  readonly crashed: (life: Life) => void;
}

export class Life implements Clock, Timers {
  readonly name: string;
  readonly time: VirtualTime;
  readonly #skewMs: () => number;
  readonly #crashed: (life: Life) => void;
  readonly #waiting: (() => void)[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #timers = new Set<TimerHandle>();
  #alive = true;
  #frozen = false;
  /** Calls until an aimed crash; null: none is aimed. */
  #callsLeft: number | null = null;

  constructor({ name, time, skewMs, crashed }: LifeOptions) {
    this.name = name;
    this.time = time;
    this.#skewMs = skewMs;
    this.#crashed = crashed;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  nowMs(): number {
    return this.time.nowMs() + this.#skewMs();
  }

  /** Runs it inside the process: now, when it thaws, or never. */
  enter(run: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) this.#waiting.push(run);
    else run();
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const handle = this.#kept(
      this.time.after(delayMs, () => {
        this.#timers.delete(handle);
        this.enter(run);
      }),
    );
    return handle;
  }

  /** Counted until it is taken back, or has fired. */
  #kept(timer: TimerHandle): TimerHandle {
    const handle = {
      cancel: () => {
        this.#timers.delete(handle);
        timer.cancel();
      },
    };
    this.#timers.add(handle);
    return handle;
  }

  /** Timers that were set and neither fired nor were taken back. */
  get timersLeft(): number {
    return this.#timers.size;
  }

  every(intervalMs: number, run: () => void): TimerHandle {
    let isDue = false;
    const timer = this.time.every(intervalMs, () => {
      if (isDue) return; // It waits for the thaw already: an interval that was missed does not come twice.
      isDue = true;
      this.enter(() => {
        isDue = false;
        run();
      });
    });
    return this.#kept(timer);
  }

  /** Called when the life has ended, by whoever holds something on its behalf. */
  onEnd(run: () => void): void {
    if (this.#alive) this.#ends.push(run);
    else run();
  }

  crash(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#waiting.length = 0;
    for (const end of this.#ends.splice(0)) end();
    this.#crashed(this);
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    // What runs now may be frozen or end again: the rest stays where it is.
    while (this.#alive && !this.#frozen && this.#waiting.length > 0) this.#waiting.shift()!();
  }

  /** The process dies at one of its next calls. */
  aimCrash(calls: number): void {
    this.#callsLeft = calls;
  }

  /** No crash is aimed any more. */
  spare(): void {
    this.#callsLeft = null;
  }

  /** A call is about to be made. False: the process died before it could. */
  beginCall(): boolean {
    if (!this.#alive) return false;
    if (this.#callsLeft === null) return true;
    if (this.#callsLeft-- > 0) return true;
    this.crash();
    return false;
  }
}
