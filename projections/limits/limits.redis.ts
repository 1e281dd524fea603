/**
 * Rate limits that several processes share through Redis.
 *
 * `RedisMessageRateLimiter` answers at once from its own window and reconciles behind: what was taken since the last round trip
 * is added to the shared count in one pipelined write, and the shared count and its end replace the own ones. Bound: a process
 * alone never allows more than the limit; a user who sends through G gateways at once can exceed it by what G − 1 of them allow
 * within one interval of reconciling and its round trip. While Redis is away each gateway enforces the limit by itself.
 *
 * `RedisAttemptLimiter` waits for the shared count.
 */
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Redis, Result } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { replies } from '../redis/connection.ts';
import { FixedWindows } from './fixed-windows.ts';
import type { AttemptLimiter, Limit, MessageRateLimiter } from './limits.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    parleyLimitAdd(key: string, taken: number, windowMs: number): Result<[number, number], Context>;
  }
}

/** Adds to the shared count; a lost reply may count twice, which errs on the strict side. */
const addScript = `
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], left)
end
return { total, left }`;

const defaultReconcileMs = 100;
const maxUsersPerRoundTrip = 5_000;

export interface RedisMessageRateLimiterOptions {
  /** From `connectRedis`; whoever opened it closes it. */
  readonly redis: Redis;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limit: Limit;
  readonly keyPrefix?: string;
  readonly reconcileMs?: number;
  readonly maxKeys?: number;
  /** A round trip failed: the limit holds per process until one succeeds. */
  readonly onError: (error: unknown) => void;
}

export class RedisMessageRateLimiter implements MessageRateLimiter {
  readonly #options: RedisMessageRateLimiterOptions;
  readonly #prefix: string;
  readonly #windows: FixedWindows;
  /** Taken and not yet added to the shared count. */
  readonly #pending = new Map<string, number>();
  #timer: TimerHandle | null = null;
  #closed = false;

  constructor(options: RedisMessageRateLimiterOptions) {
    this.#options = options;
    this.#prefix = `${options.keyPrefix ?? 'parley:'}limit:messages:`;
    this.#windows = new FixedWindows(options.limit, options.maxKeys);
    options.redis.defineCommand('parleyLimitAdd', { lua: addScript, numberOfKeys: 1 });
  }

  take(userId: string): number {
    const waitMs = this.#windows.take(userId, this.#options.clock.nowMs());
    if (waitMs > 0) return waitMs;
    this.#pending.set(userId, (this.#pending.get(userId) ?? 0) + 1);
    if (this.#timer === null && !this.#closed) this.#schedule();
    return 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#pending.clear();
    this.#windows.clear();
  }

  #schedule(): void {
    this.#timer = this.#options.timers.after(this.#options.reconcileMs ?? defaultReconcileMs, () => this.#reconcile());
  }

  #reconcile(): void {
    this.#exchange().then(
      () => this.#rest(),
      (error: unknown) => {
        this.#options.onError(error);
        this.#rest();
      },
    );
  }

  #rest(): void {
    this.#timer = null;
    if (this.#pending.size > 0 && !this.#closed) this.#schedule();
  }

  async #exchange(): Promise<void> {
    const users: string[] = [];
    const pipeline = this.#options.redis.pipeline();
    for (const [userId, taken] of this.#pending) {
      if (users.length === maxUsersPerRoundTrip) break;
      users.push(userId);
      pipeline.parleyLimitAdd(this.#prefix + userId, taken, this.#options.limit.windowMs);
      this.#pending.delete(userId);
    }
    const counts = (await replies(pipeline)) as Array<[number, number]>;
    const nowMs = this.#options.clock.nowMs();
    for (let i = 0; i < users.length; i++) {
      const [total, leftMs] = counts[i]!;
      this.#windows.adopt(users[i]!, total + (this.#pending.get(users[i]!) ?? 0), nowMs + leftMs);
    }
  }
}

export interface RedisAttemptLimiterOptions {
  readonly redis: Redis;
  /** Tells this limit's keys from those of others. */
  readonly name: string;
  readonly limit: Limit;
  readonly keyPrefix?: string;
}

export class RedisAttemptLimiter implements AttemptLimiter {
  readonly #limiter: RateLimiterRedis;

  constructor(options: RedisAttemptLimiterOptions) {
    this.#limiter = new RateLimiterRedis({
      storeClient: options.redis,
      keyPrefix: `${options.keyPrefix ?? 'parley:'}limit:${options.name}`,
      points: options.limit.limit,
      duration: options.limit.windowMs / 1_000,
    });
  }

  async take(key: string, amount = 1): Promise<number> {
    const refusal = await this.#settled(() => this.#limiter.consume(key, amount));
    if (refusal === null) return 0;
    // What is refused was counted all the same: of many at once it would take away what smaller amounts may still have.
    if (amount > 1) await this.#settled(() => this.#limiter.reward(key, amount));
    return Math.max(1, refusal.msBeforeNext);
  }

  /** Resolves to the refusal, if there is one. */
  async #settled(step: () => Promise<RateLimiterRes>): Promise<RateLimiterRes | null> {
    try {
      await step();
      return null;
    } catch (error) {
      if (error instanceof RateLimiterRes) return error;
      throw new ParleyError('unavailable', { detail: 'redis', retryAfterMs: 1_000, cause: error });
    }
  }
}
