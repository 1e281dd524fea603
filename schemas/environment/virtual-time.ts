/**
 * A clock and timers that stand still until they are told to go on: for tests and the simulator.
 *
 * Timers fire in order of their time, then of their rank, then of their setting, so that a run is repeatable. Tests give no rank;
 * the simulator draws it, so that what is due at one moment comes in an order of the seed's choosing. Timers wait in a binary
 * heap; one that was taken back stays there until its time and is passed over.
 */
import type { Clock, TimerHandle, Timers } from './clock.ts';

interface Entry {
  atMs: number;
  rank: number;
  readonly order: number;
  readonly everyMs: number | null;
  readonly run: () => void;
  isCancelled: boolean;
}

export interface VirtualTimeOptions {
  /** Drawn for each timer: the lower fires first among those of one moment. */
  readonly rank?: () => number;
  /** Resolves when what a timer has begun waits for something else; a bounded number of turns where it is absent. */
  readonly settle?: () => Promise<void>;
}

export class VirtualTime implements Clock, Timers {
  #nowMs: number;
  #order = 0;
  readonly #heap: Entry[] = [];
  readonly #rank: () => number;
  readonly #settle: () => Promise<void>;

  constructor(startMs: number, options: VirtualTimeOptions = {}) {
    this.#nowMs = startMs;
    this.#rank = options.rank ?? (() => 0);
    this.#settle = options.settle ?? settle;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    return this.#add(delayMs, null, run);
  }

  every(intervalMs: number, run: () => void): TimerHandle {
    return this.#add(intervalMs, Math.max(1, intervalMs), run);
  }

  #add(delayMs: number, everyMs: number | null, run: () => void): TimerHandle {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const entry: Entry = { atMs, rank: this.#rank(), order: this.#order++, everyMs, run, isCancelled: false };
    this.#push(entry);
    return {
      cancel: () => {
        entry.isCancelled = true;
      },
    };
  }

  /** When the next timer fires; null if none is set. */
  nextAtMs(): number | null {
    return this.#next()?.atMs ?? null;
  }

  /** Fires what is due up to the time, then stands there. Promises settle between timers. */
  async advanceTo(timeMs: number): Promise<void> {
    for (let next = this.#next(); next !== undefined && next.atMs <= timeMs; next = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#pop();
      if (next.everyMs !== null) {
        next.atMs += next.everyMs;
        next.rank = this.#rank();
        this.#push(next);
      }
      next.run();
      await this.#settle();
    }
    this.#nowMs = Math.max(this.#nowMs, timeMs);
    await this.#settle();
  }

  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#nowMs + ms);
  }

  /** The first that was not taken back; those before it leave the heap. */
  #next(): Entry | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
    return this.#heap[0];
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  if (one.atMs !== other.atMs) return one.atMs < other.atMs;
  if (one.rank !== other.rank) return one.rank < other.rank;
  return one.order < other.order;
}

/** Lets chains of promises run until they wait for something else. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
