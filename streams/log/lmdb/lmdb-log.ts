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

import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import { GroupWriter } from '../group-writer.ts';
import { defaultLogLimits, type LogLimits } from '../limits.ts';
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
import { checkPartitionCount } from '../topic-mismatch.ts';
import { dropSuperseded } from './compaction.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { GroupMember } from './group-member.ts';
import type { Partition, Topic } from './partition.ts';
import { dropExpired } from './retention.ts';
import { Storage } from './storage.ts';
import { firstOffsetAt } from './time-index.ts';
import { Writer } from './writer.ts';

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
  /** For tests: how much room the disk has. */
  readonly freeBytes?: () => number;
  /** How often records that are not kept any longer are removed. */
  readonly purgeIntervalMs?: number;
}

/** A commit has no broker's batch to fit into. */
const embeddedLimits: LogLimits = { ...defaultLogLimits, maxGroupRecords: 10_000, maxGroupBytes: 16_777_216 };
const defaultReadRecords = 500;
const maxBatchBytes = 4_194_304;

export class LmdbLog implements Log {
  private readonly options: LmdbLogOptions;
  private readonly storage: Storage;
  private readonly topics: Map<string, Topic>;
  private readonly groups = new Map<string, ConsumerGroup>();
  private readonly writer: Writer;
  private readonly appends: GroupWriter;
  private readonly purgeTimer: TimerHandle;
  private readonly subscriptions = new Set<Subscription>();
  private purging: Promise<void> | null = null;
  private closed = false;

  private constructor(options: LmdbLogOptions) {
    const { clock, timers } = options;
    const limits: LogLimits = { ...embeddedLimits, ...options.limits };
    this.options = options;
    this.storage = new Storage(options.path, options.freeBytes === undefined ? {} : { freeBytes: options.freeBytes });
    this.topics = new Map(this.storage.loadTopics().map((topic) => [topic.spec.topic, topic]));
    this.writer = new Writer(this.storage, this.topics, clock, limits.maxTimestampAheadMs);
    this.appends = new GroupWriter({
      limits,
      clock,
      timers,
      spacingMs: options.commitSpacingMs ?? 8,
      notReadyAfterMs: 3_000,
      write: (records) => this.writer.write(records),
    });
    this.purgeTimer = timers.every(options.purgeIntervalMs ?? 60_000, () => this.purgeInBackground());
  }

  static open(options: LmdbLogOptions): Promise<LmdbLog> {
    return Promise.resolve(new LmdbLog(options));
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) {
      const known = this.topics.get(spec.topic);
      if (known !== undefined) checkPartitionCount(spec, known.spec.partitions);
      if (known !== undefined && isSame(known.spec, spec)) continue;
      const topic = await this.storage.storeTopic(spec);
      // Partitions that are in use go on: only how long they keep their records changed.
      this.topics.set(spec.topic, known === undefined ? topic : { spec, partitions: known.partitions });
    }
  }

  async partitionCount(topic: string): Promise<number> {
    return this.topic(topic).partitions.length;
  }

  append(record: Append): void {
    this.appends.append(record);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    invariant(!this.closed, 'the log is open');
    for (const topic of options.topics) this.checkCheckpoints(options.group, this.topic(topic));
    const { timers, logger, checkpoints } = this.options;
    const { group, handler, maxBatchRecords } = options;
    const context = {
      storage: this.storage,
      checkpoints,
      timers,
      logger,
      group,
      handler,
      maxBatchRecords,
      maxBatchBytes,
    };
    const member = new GroupMember(options, context);
    const members = this.groups.get(group) ?? new ConsumerGroup(this.topics);
    this.groups.set(group, members);
    const joined = members.join(member);
    const subscription: Subscription = {
      ready: () => member.ready(),
      close: async () => {
        this.subscriptions.delete(subscription);
        await members.leave(member);
        await joined;
      },
    };
    this.subscriptions.add(subscription);
    return subscription;
  }

  async *read(options: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    const partition = this.partition(options.topic, options.partition);
    const end = Math.min(options.toOffset ?? partition.end, partition.end);
    const { from } = options;
    let next = 'offset' in from ? from.offset : firstOffsetAt(this.storage, partition, from.timeMs);
    while (next < end) {
      const start = Math.max(next, partition.earliest);
      const records = this.storage.read(
        partition,
        start,
        end,
        options.maxBatchRecords ?? defaultReadRecords,
        maxBatchBytes,
      );
      if (records.length === 0) return;
      yield records;
      next = records[records.length - 1]!.offset + 1;
    }
  }

  async bounds(topic: string, partition: number): Promise<PartitionBounds> {
    const { earliest, end } = this.partition(topic, partition);
    return { earliest, end };
  }

  async committed(group: string, topic: string, partition: number): Promise<number | null> {
    return this.options.checkpoints.load(group, topic, partition);
  }

  isReady(): boolean {
    return !this.closed && this.writer.isHealthy() && this.appends.isMoving();
  }

  /** Removes what is too old or superseded. The log calls it from time to time by itself. */
  purge(): Promise<void> {
    this.purging ??= this.purgeTopics().finally(() => {
      this.purging = null;
    });
    return this.purging;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.purgeTimer.cancel();
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await this.appends.close();
    await this.purging?.catch(() => undefined); // Whoever asked for the purge was told.
    await this.storage.close();
  }

  private async purgeTopics(): Promise<void> {
    const goOn = () => !this.closed;
    for (const { spec, partitions } of [...this.topics.values()]) {
      for (const partition of partitions) {
        if (spec.retentionMs !== null) {
          await dropExpired(this.storage, partition, this.options.clock.nowMs() - spec.retentionMs, goOn);
        }
        if (spec.compacted) await dropSuperseded(this.storage, partition, goOn);
      }
    }
  }

  private purgeInBackground(): void {
    this.purge().catch((error: unknown) => {
      this.options.logger.error({ err: error }, 'the purge of the log failed and is tried again');
    });
  }

  /** A checkpoint beyond the log would let a reader sleep through everything up to it. */
  private checkCheckpoints(group: string, { partitions }: Topic): void {
    for (const { topic, partition, end } of partitions) {
      const committed = this.options.checkpoints.load(group, topic, partition) ?? 0;
      invariant(
        committed <= end,
        `${group} is not beyond the end of ${topic}/${partition}: log and checkpoints belong together`,
      );
    }
  }

  private topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new ParleyError('not_found', { detail: `no topic ${name}` });
    return topic;
  }

  private partition(topic: string, partition: number): Partition {
    const found = this.topic(topic).partitions[partition];
    if (found === undefined) throw new ParleyError('not_found', { detail: `no partition ${topic}/${partition}` });
    return found;
  }
}

function isSame(one: TopicSpec, other: TopicSpec): boolean {
  return one.retentionMs === other.retentionMs && one.compacted === other.compacted;
}
