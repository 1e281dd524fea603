/**
 * Tells whether this process's clock is right, by those of the services that it uses anyway.
 *
 * The log refuses a record of the future, but nothing refuses one of the past (design rule 2): a gateway an hour behind would say
 * the wrong time to its devices and stamp it on what they send. So every few seconds each witness is asked for its time. Its answer
 * was given between the question and its arrival here; a witness agrees if its time lies in that interval, widened by the
 * tolerance, so that a slow answer or a process that was frozen meanwhile accuses nobody. The clock is wrong if witnesses answered and
 * none agrees: one wrong witness alone stops no gateway. If none answers, what was known stays; before the first answer the clock
 * is not trusted.
 */
import { type Clock, pause, type TimerHandle, type Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';

export interface TimeWitness {
  readonly name: string;
  /** Its time now, in milliseconds since the Unix epoch. */
  nowMs(): Promise<number>;
}

export interface ClockWatchOptions {
  readonly witnesses: readonly TimeWitness[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Called whenever a clock that was right is found to be wrong. */
  readonly onWrong?: () => void;
}

/** As far as the log lets a record be ahead. */
export const clockToleranceMs = 5_000;
export const clockCheckIntervalMs = 3_000;

interface Testimony {
  readonly name: string;
  /** How far our clock is from the interval in which the answer was given; 0 if it lies within. */
  readonly errorMs: number;
}

export class ClockWatch {
  readonly #options: ClockWatchOptions;
  readonly #gauge: Gauge;
  #right = false;
  /** Whether the state was logged. */
  #said: boolean | null = null;
  #asking: Promise<void> | null = null;
  #timer: TimerHandle | null = null;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#gauge = new Gauge({
      name: 'parley_clock_right',
      help: '1 while the clock of this process agrees with a service that it uses, else 0',
      registers: [options.metrics],
    });
  }

  get isRight(): boolean {
    return this.#right;
  }

  /** Resolves after the first round of questions, whatever the answers. */
  async start(): Promise<void> {
    this.#timer ??= this.#options.timers.every(clockCheckIntervalMs, () => void this.#ask());
    await this.#ask();
  }

  /** Resolves once the clock is right. */
  async untilRight(): Promise<void> {
    while (!this.#right) await pause(this.#options.timers, clockCheckIntervalMs);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#round().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #round(): Promise<void> {
    const answers = await Promise.all(this.#options.witnesses.map((witness) => this.#question(witness)));
    const testimonies = answers.filter((answer) => answer !== null);
    if (testimonies.length === 0) return;
    const wasRight = this.#right;
    this.#right = testimonies.some(({ errorMs }) => errorMs <= clockToleranceMs);
    this.#gauge.set(this.#right ? 1 : 0);
    this.#say(testimonies);
    if (wasRight && !this.#right) this.#options.onWrong?.();
  }

  async #question(witness: TimeWitness): Promise<Testimony | null> {
    const { clock, logger } = this.#options;
    const askedAtMs = clock.nowMs();
    try {
      const theirsMs = await witness.nowMs();
      const answeredAtMs = clock.nowMs();
      return { name: witness.name, errorMs: Math.max(0, askedAtMs - theirsMs, theirsMs - answeredAtMs) };
    } catch (error) {
      logger.debug({ err: error, witness: witness.name }, 'a witness of the time did not answer');
      return null;
    }
  }

  #say(testimonies: readonly Testimony[]): void {
    const { logger } = this.#options;
    if (this.#said === this.#right || (this.#said === null && this.#right)) return;
    this.#said = this.#right;
    if (this.#right) logger.info('the clock is right again');
    else logger.error({ testimonies }, 'the clock of this process is wrong: nobody who was asked agrees with it');
  }
}
