/**
 * Feeds one partition to one handler, batch after batch, for the length of one assignment.
 *
 * The pump sleeps until the writer wakes it, reads one slice, hands it over, and reads the next only when the handler is done with
 * it: a slow handler holds one slice in memory, whatever is in the log. A rejected batch is waited over and read again from the
 * same position. `stop` ends after the batch in flight and after the commit of what it returned.
 */

import { pause, type TimerHandle, type Timers } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import type { Logger } from 'pino';
import { BatchRetry } from '../batch-retry.ts';
import type { BatchHandler, CheckpointStore, LogRecord, RecordBatch } from '../log.ts';
import type { Partition, PartitionWatcher } from './partition.ts';
import type { Storage } from './storage.ts';

/** After so many batches in a row the pump lets timers and sockets have a turn. */
const batchesPerTurn = 32;

export interface PumpContext {
  readonly storage: Storage;
  readonly checkpoints: CheckpointStore;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly group: string;
  readonly handler: BatchHandler;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
}

export class PartitionPump implements PartitionWatcher {
  private readonly context: PumpContext;
  private readonly partition: Partition;
  private readonly generation: number;
  private readonly retry = new BatchRetry();
  private position: number;
  private running: Promise<void> | null = null;
  private stopping = false;
  private saved: Promise<void> = Promise.resolve();
  private backoff: { readonly handle: TimerHandle; readonly end: () => void } | null = null;

  constructor(context: PumpContext, partition: Partition, generation: number, position: number) {
    this.context = context;
    this.partition = partition;
    this.generation = generation;
    this.position = position;
  }

  start(): void {
    this.partition.watchers.add(this);
    this.wake();
  }

  wake(): void {
    if (this.running === null && !this.stopping && this.position < this.partition.end) this.running = this.run();
  }

  /** From now on the batch in flight is not current. */
  revoke(): void {
    this.stopping = true;
    this.partition.watchers.delete(this);
    this.backoff?.handle.cancel();
    this.backoff?.end();
  }

  async drained(): Promise<void> {
    await this.running;
    await this.saved;
  }

  private async run(): Promise<void> {
    for (let batches = 1; !this.stopping && this.position < this.partition.end; batches++) {
      const records = this.read();
      if (records.length === 0) this.position = this.partition.end;
      else await this.deliver(records);
      if (batches % batchesPerTurn === 0) await pause(this.context.timers, 0);
    }
    this.running = null;
  }

  private read(): LogRecord[] {
    const { storage, maxBatchRecords, maxBatchBytes } = this.context;
    if (this.position < this.partition.earliest) this.position = this.partition.earliest; // Older records were purged.
    return storage.read(this.partition, this.position, this.partition.end, maxBatchRecords, maxBatchBytes);
  }

  private async deliver(records: readonly LogRecord[]): Promise<void> {
    const batch: RecordBatch = {
      topic: this.partition.topic,
      partition: this.partition.partition,
      generation: this.generation,
      records,
      endOffset: this.partition.end,
      isCurrent: () => !this.stopping,
      heartbeat: () => Promise.resolve(),
    };
    try {
      const commit = await this.context.handler.handle(batch);
      const next = records[records.length - 1]!.offset + 1;
      invariant(commit === null || commit <= next, 'a handler commits no further than it was given');
      this.retry.succeeded();
      this.position = next;
      if (commit !== null) this.save(commit);
    } catch (error) {
      await this.waitOver(error);
    }
  }

  private save(nextOffset: number): void {
    const { checkpoints, group, logger } = this.context;
    const { topic, partition } = this.partition;
    this.saved = checkpoints.save(group, topic, partition, nextOffset).catch((error: unknown) => {
      // The batches since the last checkpoint come again after a restart; the next save covers this one.
      logger.error({ err: error, group, topic, partition }, 'a checkpoint was not saved');
    });
  }

  private async waitOver(error: unknown): Promise<void> {
    if (this.stopping) return;
    const delayMs = this.retry.nextDelayMs();
    const { topic, partition } = this.partition;
    this.context.logger.warn(
      { err: error, group: this.context.group, topic, partition, offset: this.position, delayMs },
      'a batch failed and comes again',
    );
    await new Promise<void>((resolve) => {
      this.backoff = { handle: this.context.timers.after(delayMs, resolve), end: resolve };
    });
    this.backoff = null;
  }
}
