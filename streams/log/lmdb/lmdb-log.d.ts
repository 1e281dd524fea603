/**
 * The embedded log: one process, one folder, no services.
 *
 *   const log = await LmdbLog.open({ path, clock, timers, logger, checkpoints });
 *   await log.ensureTopics(topicSpecs(12));
 *
 * Appends are grouped into synced commits, one on its way at a time (`writer.ts`). Subscriptions of a group share its partitions
 * within the process (`consumer-group.ts`); their offsets lie in the checkpoint store of the projections, so that a checkpoint
 * and what it stands for are one transaction (design rule 11). Old and superseded records are removed by `purge`.
 */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import { type LogLimits } from '../limits.ts';
import type {
  Append,
  CheckpointStore,
  Log,
  LogRecord,
  PartitionBounds,
  ReadOptions,
  SubscribeOptions,
  Subscription,
  TopicSpec,
} from '../log.ts';
export interface LmdbLogOptions {
  /** A folder; made where it is missing. */
  readonly path: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly checkpoints: CheckpointStore;
  readonly limits?: Partial<LogLimits>;
  /** Least time between two synced commits of a busy log; an idle one commits at once. */
  readonly commitSpacingMs?: number;
  /** How often records that are not kept any longer are removed. */
  readonly purgeIntervalMs?: number;
}
export declare class LmdbLog implements Log {
  private readonly options;
  private readonly storage;
  private readonly topics;
  private readonly groups;
  private readonly writer;
  private readonly appends;
  private readonly purgeTimer;
  private readonly subscriptions;
  private purging;
  private closed;
  private constructor();
  static open(options: LmdbLogOptions): Promise<LmdbLog>;
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  partitionCount(topic: string): Promise<number>;
  append(record: Append): void;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  read(options: ReadOptions): AsyncIterable<readonly LogRecord[]>;
  bounds(topic: string, partition: number): Promise<PartitionBounds>;
  committed(group: string, topic: string, partition: number): Promise<number | null>;
  isReady(): boolean;
  /** Removes what is too old or superseded. The log calls it from time to time by itself. */
  purge(): Promise<void>;
  close(): Promise<void>;
  private purgeTopics;
  private purgeInBackground;
  private topic;
  private partition;
}
