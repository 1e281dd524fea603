/** Takes away what is over, where nothing does so by itself: once a minute, some at a time, until nothing is due. */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';

const intervalMs = 60_000;
const perStep = 1_000;
/** A minute's work has an end even if more comes due than goes. */
const maxStepsPerRound = 100;

export interface ExpirySweeperOptions {
  /** For the log: what is swept. */
  readonly what: string;
  /** Takes away at most so many; resolves to how many. */
  readonly sweep: (limit: number) => Promise<number>;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class ExpirySweeper {
  readonly #on: ExpirySweeperOptions;
  #timer: TimerHandle | null = null;
  #round: Promise<void> | null = null;

  constructor(options: ExpirySweeperOptions) {
    this.#on = options;
  }

  start(): void {
    this.#begin();
    this.#timer ??= this.#on.timers.every(intervalMs, () => this.#begin());
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#round;
  }

  #begin(): void {
    const { logger, what } = this.#on;
    this.#round ??= this.#sweep()
      .catch((error: unknown) => logger.warn({ err: error, what }, 'what is over is taken away later'))
      .finally(() => {
        this.#round = null;
      });
  }

  async #sweep(): Promise<void> {
    for (let step = 0; step < maxStepsPerRound; step++) {
      if ((await this.#on.sweep(perStep)) < perStep) return;
    }
  }
}
