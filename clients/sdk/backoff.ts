/** Reconnection delays: exponential with full jitter, so that a fleet whose gateway died does not return as one. */
import type { Random } from '@parley/schemas/environment/random';

export interface BackoffSettings {
  readonly firstMs: number;
  readonly maxMs: number;
}

export class Backoff {
  #attempt = 0;
  readonly #settings: BackoffSettings;
  readonly #random: Random;

  constructor(settings: BackoffSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
  }

  reset(): void {
    this.#attempt = 0;
  }

  /** At least half of `firstMs`, at most `maxMs`. */
  nextMs(): number {
    const ceiling = Math.min(this.#settings.maxMs, this.#settings.firstMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 30);
    const least = this.#settings.firstMs / 2;
    return Math.round(least + this.#random.next() * Math.max(0, ceiling - least));
  }
}
