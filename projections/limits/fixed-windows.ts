/**
 * Counts takes per key in fixed windows, for a bounded number of keys.
 *
 * Closed windows are swept each time the number of keys has doubled since the last sweep. If `maxKeys` windows are open at once,
 * further keys are refused, and looked over again once a second: a limiter that forgets under attack would be none.
 */
import type { Limit } from './limits.ts';

interface Window {
  taken: number;
  endsAtMs: number;
}

const firstSweepAt = 1_024;
const fullRetryMs = 1_000;
export const defaultMaxKeys = 1_000_000;

export class FixedWindows {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #windows = new Map<string, Window>();
  #sweepAt: number;
  #sweepNotBeforeMs = 0;

  constructor({ limit, windowMs }: Limit, maxKeys: number = defaultMaxKeys) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
    this.#sweepAt = Math.min(maxKeys, firstSweepAt);
  }

  get size(): number {
    return this.#windows.size;
  }

  take(key: string, nowMs: number, amount = 1): number {
    const window = this.#windows.get(key);
    if (window === undefined) return this.#open(key, nowMs, amount);
    if (window.endsAtMs <= nowMs) {
      window.taken = 0;
      window.endsAtMs = nowMs + this.#windowMs;
    }
    if (window.taken + amount > this.#limit) return window.endsAtMs - nowMs;
    window.taken += amount;
    return 0;
  }

  /** Takes the count of a wider view: of all processes. */
  adopt(key: string, taken: number, endsAtMs: number): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    window.taken = taken;
    window.endsAtMs = endsAtMs;
  }

  clear(): void {
    this.#windows.clear();
  }

  #open(key: string, nowMs: number, amount: number): number {
    if (this.#windows.size >= this.#sweepAt && nowMs >= this.#sweepNotBeforeMs) this.#sweep(nowMs);
    if (this.#windows.size >= this.#maxKeys) return fullRetryMs;
    const isAllowed = amount <= this.#limit;
    this.#windows.set(key, { taken: isAllowed ? amount : 0, endsAtMs: nowMs + this.#windowMs });
    return isAllowed ? 0 : this.#windowMs;
  }

  #sweep(nowMs: number): void {
    for (const [key, window] of this.#windows) if (window.endsAtMs <= nowMs) this.#windows.delete(key);
    this.#sweepAt = Math.min(this.#maxKeys, Math.max(firstSweepAt, 2 * this.#windows.size));
    if (this.#windows.size >= this.#maxKeys) this.#sweepNotBeforeMs = nowMs + fullRetryMs;
  }
}
