/**
 * Groups appends without ever waiting when idle: while one group is on its way, the next one collects.
 *
 * The first record after a pause starts a group at the end of the current tick. Exactly one group is on its way at any time, which
 * is what keeps the order of every partition through retries: a later record can't overtake an earlier one that failed. Where a
 * write has a high fixed cost (a synced commit), `spacingMs` lets groups of a busy log begin at least that far apart; after a pause
 * of that length the next record goes at once.
 */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { pause } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type AppendGroup, AppendQueue } from './append-queue.ts';
import type { LogLimits } from './limits.ts';
import type { Append } from './log.ts';

export interface GroupWriterOptions {
  readonly limits: LogLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Least time between the beginnings of two groups; 0 for none. */
  readonly spacingMs: number;
  /** A group that is on its way for longer makes the log not ready. */
  readonly notReadyAfterMs: number;
  /** Writes a group and settles every record of it. Must not reject. */
  readonly write: (records: readonly Append[]) => Promise<void>;
}

export class GroupWriter {
  private readonly options: GroupWriterOptions;
  private readonly queue: AppendQueue;
  private running: Promise<void> | null = null;
  private startedAtMs: number | null = null;
  private lastStartMs = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(options: GroupWriterOptions) {
    this.options = options;
    this.queue = new AppendQueue(options.limits);
  }

  append(record: Append): void {
    if (this.closed) throw new ParleyError('log_unavailable', { detail: 'the log is closed' });
    this.queue.push(record);
    this.running ??= this.run();
  }

  /** False while a group is not acknowledged in time. */
  isMoving(): boolean {
    return this.startedAtMs === null || this.options.clock.nowMs() - this.startedAtMs <= this.options.notReadyAfterMs;
  }

  /** Refuses more and ends after what was queued is settled. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // The rest of this tick's appends join the group.
    while (this.queue.waitingRecords > 0) {
      await this.space();
      await this.writeNext(this.queue.take());
    }
    this.running = null;
  }

  private async space(): Promise<void> {
    const { spacingMs, clock, timers } = this.options;
    if (spacingMs === 0) return;
    const sinceMs = clock.nowMs() - this.lastStartMs;
    if (sinceMs >= 0 && sinceMs < spacingMs && !this.closed) await pause(timers, spacingMs - sinceMs);
    this.lastStartMs = clock.nowMs();
  }

  private async writeNext(group: AppendGroup): Promise<void> {
    this.startedAtMs = this.options.clock.nowMs();
    await this.options.write(group.records);
    this.queue.settled(group);
    this.startedAtMs = null;
  }
}
