/**
 * Revocations through Redis: a channel, on a connection that does nothing else.
 *
 * Redis keeps nothing for those who are away. So each time the subscription stands, the first time and after every reconnect, the
 * listeners hear that they may have missed some. A subscription that fails is tried again for as long as somebody listens, and a
 * ping every few seconds notices a connection whose other end is gone without a word.
 */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { Redis } from 'ioredis';
import type { RevocationFeed, RevocationListener } from './revocations.ts';

const retryMs = 1_000;
const pingIntervalMs = 3_000;

export const revocationChannel = (keyPrefix: string): string => `${keyPrefix}revocations`;

export interface RedisRevocationsOptions {
  /** From `connectRedis`, of this feed alone: a connection that subscribes can do nothing else. Whoever opened it closes it. */
  readonly redis: Redis;
  readonly timers: Timers;
  readonly keyPrefix?: string;
  /** The subscription does not stand; it is tried again. */
  readonly onError: (error: unknown) => void;
}

export class RedisRevocations implements RevocationFeed {
  readonly #options: RedisRevocationsOptions;
  readonly #channel: string;
  readonly #listeners = new Set<RevocationListener>();
  #retry: TimerHandle | null = null;
  #pings: TimerHandle | null = null;

  constructor(options: RedisRevocationsOptions) {
    this.#options = options;
    this.#channel = revocationChannel(options.keyPrefix ?? 'parley:');
    const { redis } = options;
    redis.on('message', (channel: string, deviceId: string) => {
      if (channel === this.#channel) for (const listener of this.#listeners) listener.revoked(deviceId);
    });
    // ioredis subscribes again by itself after a reconnect, but does not say when it has.
    redis.on('ready', () => this.#subscribe());
  }

  listen(listener: RevocationListener): () => void {
    const own: RevocationListener = {
      revoked: (deviceId) => listener.revoked(deviceId),
      missed: () => listener.missed(),
    };
    this.#listeners.add(own);
    this.#pings ??= this.#options.timers.every(pingIntervalMs, () => this.#ping());
    this.#subscribe();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  #rest(): void {
    this.#retry?.cancel();
    this.#pings?.cancel();
    this.#pings = null;
  }

  /** The connection gives itself up when it owes the answer for too long, and is there again with `ready`. */
  #ping(): void {
    this.#options.redis.ping().catch((error: unknown) => this.#options.onError(error));
  }

  /** Repeating it does no harm. */
  #subscribe(): void {
    if (this.#listeners.size === 0) return;
    this.#options.redis.subscribe(this.#channel).then(
      () => {
        for (const listener of this.#listeners) listener.missed();
      },
      (error: unknown) => {
        if (this.#listeners.size === 0) return;
        this.#options.onError(error);
        this.#retry?.cancel();
        this.#retry = this.#options.timers.after(retryMs, () => this.#subscribe());
      },
    );
  }
}
