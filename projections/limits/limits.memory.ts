/** Rate limits of one process, by the given clock. */
import type { Clock } from '@parley/schemas/environment/clock';
import { FixedWindows } from './fixed-windows.ts';
import type { AttemptLimiter, Limit, MessageRateLimiter } from './limits.ts';

export interface MemoryLimiterOptions {
  readonly clock: Clock;
  readonly limit: Limit;
  readonly maxKeys?: number;
}

export class MemoryMessageRateLimiter implements MessageRateLimiter {
  readonly #clock: Clock;
  readonly #windows: FixedWindows;

  constructor(options: MemoryLimiterOptions) {
    this.#clock = options.clock;
    this.#windows = new FixedWindows(options.limit, options.maxKeys);
  }

  take(userId: string): number {
    return this.#windows.take(userId, this.#clock.nowMs());
  }

  async close(): Promise<void> {
    this.#windows.clear();
  }
}

export class MemoryAttemptLimiter implements AttemptLimiter {
  readonly #clock: Clock;
  readonly #windows: FixedWindows;

  constructor(options: MemoryLimiterOptions) {
    this.#clock = options.clock;
    this.#windows = new FixedWindows(options.limit, options.maxKeys);
  }

  async take(key: string, amount = 1): Promise<number> {
    return this.#windows.take(key, this.#clock.nowMs(), amount);
  }
}
