/**
 * A clock and timers that stand still until they are told to go on: for tests and the simulator.
 *
 * Timers fire in order of their time, then of their setting, so that a run is repeatable.
 */
import type { Clock, TimerHandle, Timers } from './clock.ts';

interface Entry {
  atMs: number;
  readonly order: number;
  readonly everyMs: number | null;
  readonly run: () => void;
}

export class VirtualTime implements Clock, Timers {
  #nowMs: number;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
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
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, everyMs, run };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  /** When the next timer fires; null if none is set. */
  nextAtMs(): number | null {
    return this.#next()?.atMs ?? null;
  }

  /** Fires what is due up to the time, then stands there. Promises settle between timers. */
  async advanceTo(timeMs: number): Promise<void> {
    for (let next = this.#next(); next !== undefined && next.atMs <= timeMs; next = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (next.everyMs === null) this.#entries.delete(next);
      else next.atMs += next.everyMs;
      next.run();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, timeMs);
    await settle();
  }

  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#nowMs + ms);
  }

  #next(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (first === undefined || entry.atMs < first.atMs || (entry.atMs === first.atMs && entry.order < first.order))
        first = entry;
    }
    return first;
  }
}

/** Lets chains of promises run until they wait for something else. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
