/**
 * Hands what kafkajs fetched from one partition to the handler, slice after slice, and moves position and commit by what comes back.
 *
 * The feeder returns to kafkajs only when the handler is done, so that kafkajs leaves a group drained; heartbeats go on meanwhile.
 * A partition whose handler rejected is paused for a while instead of being waited for, because kafkajs fetches from a broker only
 * after all partitions of the last fetch are done: one that is stuck must not stop the others. Its position stays where it was.
 */

import type { Timers } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import type { EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { BatchRetry } from '../batch-retry.ts';
import type { LogRecord, RecordBatch, RecordHeader, SubscribeOptions } from '../log.ts';
import type { Assignment } from './assignment.ts';
import { protocolErrorOf } from './kafka-client.ts';
import { OffsetCommits } from './offset-commits.ts';

const rebalanceErrors = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
]);

export interface BatchFeederOptions {
  readonly subscription: SubscribeOptions;
  readonly assignment: Assignment;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly heartbeatIntervalMs: number;
}

export class BatchFeeder {
  private readonly options: BatchFeederOptions;
  private readonly commits: OffsetCommits;
  private readonly retries = new Map<string, BatchRetry>();

  constructor(options: BatchFeederOptions) {
    const { assignment, timers, logger, subscription } = options;
    this.options = options;
    this.commits = new OffsetCommits({
      assignment,
      timers,
      logger,
      group: subscription.group,
      isRebalance: (error) => this.isRebalance(error),
    });
  }

  async feed(payload: EachBatchPayload): Promise<void> {
    const { assignment, timers, heartbeatIntervalMs } = this.options;
    const { generation } = assignment;
    const heart = timers.every(heartbeatIntervalMs, () => void this.heartbeat(payload));
    try {
      if (!(await assignment.enter(generation))) return;
      try {
        await this.slices(payload, generation);
      } finally {
        assignment.leave();
      }
    } finally {
      heart.cancel();
    }
  }

  private async slices(payload: EachBatchPayload, generation: number): Promise<void> {
    const { messages, topic, partition } = payload.batch;
    const { maxBatchRecords } = this.options.subscription;
    for (let at = 0; at < messages.length && this.options.assignment.isCurrent(generation); at += maxBatchRecords) {
      const slice = messages.slice(at, at + maxBatchRecords);
      const records = slice.map((message) => recordOf(topic, partition, message));
      if (!(await this.deliver(payload, generation, records))) return;
    }
  }

  /** False if the rest of what was fetched must not follow. */
  private async deliver(payload: EachBatchPayload, generation: number, records: LogRecord[]): Promise<boolean> {
    const { topic, partition } = payload.batch;
    const last = records[records.length - 1]!.offset;
    let commit: number | null;
    try {
      commit = await this.options.subscription.handler.handle(this.batchOf(payload, generation, records));
      invariant(commit === null || commit <= last + 1, 'a handler commits no further than it was given');
    } catch (error) {
      this.rejected(payload, generation, records[0]!.offset, error);
      return false;
    }
    this.retries.delete(nameOf(payload));
    if (!this.options.assignment.isHeld(generation)) return false;
    payload.resolveOffset(String(last));
    if (commit !== null) await this.commits.commit({ topic, partition, nextOffset: commit, generation }, payload);
    return true;
  }

  private batchOf(payload: EachBatchPayload, generation: number, records: LogRecord[]): RecordBatch {
    const { topic, partition, highWatermark } = payload.batch;
    return {
      topic,
      partition,
      generation,
      records,
      endOffset: Number(highWatermark),
      isCurrent: () => this.options.assignment.isCurrent(generation),
      heartbeat: () => this.heartbeat(payload),
    };
  }

  private rejected(payload: EachBatchPayload, generation: number, offset: number, error: unknown): void {
    if (!this.options.assignment.isCurrent(generation)) return;
    const { topic, partition } = payload.batch;
    const retry = this.retries.get(nameOf(payload)) ?? new BatchRetry();
    this.retries.set(nameOf(payload), retry);
    const delayMs = retry.nextDelayMs();
    const { group } = this.options.subscription;
    this.options.logger.warn(
      { err: error, group, topic, partition, offset, delayMs },
      'a batch failed and comes again',
    );
    const resume = payload.pause();
    this.options.timers.after(delayMs, resume);
  }

  private async heartbeat(payload: EachBatchPayload): Promise<void> {
    try {
      await payload.heartbeat();
    } catch (error) {
      // A broker that does not answer is kafkajs's to deal with, when the batch is done.
      this.isRebalance(error);
    }
  }

  private isRebalance(error: unknown): boolean {
    const known = rebalanceErrors.has(protocolErrorOf(error) ?? '');
    if (known) this.options.assignment.ending();
    return known;
  }
}

function nameOf({ batch }: EachBatchPayload): string {
  return `${batch.topic}/${batch.partition}`;
}

export function recordOf(topic: string, partition: number, message: KafkaMessage): LogRecord {
  const { key, value, offset, timestamp, headers } = message;
  const record = { topic, partition, offset: Number(offset), timestampMs: Number(timestamp), key, value };
  for (const _name in headers) return { ...record, headers: headersOf(headers) }; // Hardly ever: an empty object costs nothing.
  return record;
}

function headersOf(headers: IHeaders): RecordHeader[] {
  return Object.entries(headers).flatMap(([name, values]) => {
    const all = Array.isArray(values) ? values : [values ?? ''];
    return all.map((value) => ({ name, value: Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8') }));
  });
}
