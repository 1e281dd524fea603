/**
 * Push jobs on their way into the log.
 *
 * Jobs are collected while the previous list is being appended. A list that fails is tried again at the next tick, the same jobs
 * under the same ids, so nothing is lost while the log is away. The number of jobs is bounded: whoever has one asks for room
 * first, and keeps it where it was if there is none.
 */
import type { PushJob } from '@parley/schemas/generated/events';
import type { Logger } from 'pino';
import type { GatewayCounts } from '../counts.ts';
import type { PushQueue } from '../dependencies.ts';

interface Waiting {
  readonly jobs: readonly PushJob[];
  readonly settled: (durable: boolean) => void;
}

export class PushOutbox {
  readonly #queue: PushQueue;
  readonly #maxJobs: number;
  readonly #counts: GatewayCounts;
  readonly #logger: Logger;
  #waiting: Waiting[] = [];
  #jobs = 0;
  #isAppending = false;
  #isClosed = false;

  constructor(queue: PushQueue, maxJobs: number, counts: GatewayCounts, logger: Logger) {
    this.#queue = queue;
    this.#maxJobs = maxJobs;
    this.#counts = counts;
    this.#logger = logger;
  }

  get room(): number {
    return Math.max(0, this.#maxJobs - this.#jobs);
  }

  /** Resolves to true once the log holds the jobs; to false if there is no room, or the outbox closed before. Never rejects. */
  submit(jobs: readonly PushJob[]): Promise<boolean> {
    if (jobs.length === 0) return Promise.resolve(true);
    if (this.#isClosed || jobs.length > this.room) return Promise.resolve(false);
    this.#jobs += jobs.length;
    return new Promise((settled) => {
      this.#waiting.push({ jobs, settled });
      this.flush();
    });
  }

  /** Called by every tick, so that what failed is tried again. */
  flush(): void {
    if (this.#isAppending || this.#waiting.length === 0) return;
    this.#isAppending = true;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#queue.enqueue(batch.flatMap(({ jobs }) => jobs)).then(
      () => this.#appended(batch),
      (error: unknown) => this.#failed(batch, error),
    );
  }

  #appended(batch: readonly Waiting[]): void {
    this.#isAppending = false;
    for (const { jobs, settled } of batch) {
      this.#jobs -= jobs.length;
      this.#counts.pushJobs += jobs.length;
      settled(true);
    }
    this.flush();
  }

  #failed(batch: Waiting[], error: unknown): void {
    this.#isAppending = false;
    this.#logger.warn({ err: error, jobs: this.#jobs }, 'push jobs were not appended; they are tried again');
    if (this.#isClosed) for (const { settled } of batch) settled(false);
    else this.#waiting = [...batch, ...this.#waiting];
  }

  /** Gives up on what is not in the log: leases that were not released let the sweep make the same jobs (design rule 14). */
  close(): void {
    this.#isClosed = true;
    for (const { settled } of this.#waiting.splice(0)) settled(false);
  }
}
