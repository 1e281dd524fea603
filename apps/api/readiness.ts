/** Whether the process may be given work: what its probes said last, until it drains. */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';

const probeIntervalMs = 1_000;

export interface ReadinessOptions {
  /** By name; a probe that rejects makes the process not ready. Each waits a bounded time by itself. */
  readonly probes: Readonly<Record<string, () => Promise<unknown>>>;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  #timer: TimerHandle | null = null;
  #probing = false;
  #wellNow = false;
  #draining = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#wellNow && !this.#draining;
  }

  /** Resolves once the probes have been asked for the first time. */
  async start(): Promise<void> {
    await this.probe();
    this.#timer = this.#options.timers.every(probeIntervalMs, () => void this.probe());
  }

  /** Asks all probes, unless that is going on. Never rejects. */
  async probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const { probes, logger } = this.#options;
    const names = Object.keys(probes);
    const results = await Promise.allSettled(Object.values(probes).map((probe) => probe()));
    const well = results.every((result) => result.status === 'fulfilled');
    if (well !== this.#wellNow) {
      const failing = names.filter((_, index) => results[index]?.status === 'rejected');
      logger.warn({ failing }, well ? 'ready' : 'not ready');
    }
    this.#wellNow = well;
    this.#probing = false;
  }

  /** Not ready from now on. */
  drain(): void {
    this.#draining = true;
    this.#timer?.cancel();
  }
}
