/**
 * The log of a cluster, on Kafka by kafkajs.
 *
 *   const log = await KafkaLog.connect({ brokers, clientId, clock, timers, logger });
 *   await log.ensureTopics(topicSpecs(64));
 *
 * Appends are grouped, one group on its way at a time, acknowledged by all in-sync replicas (`group-sender.ts`). Subscriptions are
 * members of Kafka's classic consumer groups (`kafka-subscription.ts`), and Kafka keeps their offsets.
 */

import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import type { Kafka } from 'kafkajs';
import { GroupWriter } from '../group-writer.ts';
import { defaultLogLimits, type LogLimits } from '../limits.ts';
import type {
  Append,
  Log,
  LogRecord,
  PartitionBounds,
  ReadOptions,
  SubscribeOptions,
  Subscription,
  TopicSpec,
} from '../log.ts';
import { GroupSender } from './group-sender.ts';
import { createKafka, type KafkaConnection } from './kafka-client.ts';
import { type ConsumerSettings, KafkaSubscription } from './kafka-subscription.ts';
import { readPartition } from './partition-reader.ts';
import { TopicAdmin } from './topic-admin.ts';

export interface KafkaLogOptions extends KafkaConnection {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits?: Partial<LogLimits>;
  /** Copies of each partition that this log makes. */
  readonly replicationFactor?: number;
  /** Least time between two groups of a busy log, because a request costs as much as tens of records; an idle one sends at once. */
  readonly appendSpacingMs?: number;
  /** How long an append is tried before it fails. */
  readonly appendTimeoutMs?: number;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
}

const defaultReadRecords = 500;
/**
 * kafkajs waits so long, and 5 s more, for the answer to a join: also for one that was lost with its broker, while the member owns
 * nothing. It must be longer than a handler takes to end its batch when all that it calls is away, and well below a minute.
 */
const defaultRebalanceTimeoutMs = 20_000;
const questionTimeoutMs = 30_000;

export class KafkaLog implements Log {
  private readonly options: KafkaLogOptions;
  private readonly kafka: Kafka;
  private readonly admin: TopicAdmin;
  private readonly sender: GroupSender;
  private readonly appends: GroupWriter;
  private readonly subscriptions = new Set<Subscription>();
  private closed = false;

  private constructor(options: KafkaLogOptions) {
    const { clock, timers } = options;
    const limits: LogLimits = { ...defaultLogLimits, ...options.limits };
    this.options = options;
    this.kafka = createKafka(options);
    this.admin = new TopicAdmin({
      kafka: this.kafka,
      clock,
      timers,
      replicationFactor: options.replicationFactor ?? 1,
      maxTimestampAheadMs: limits.maxTimestampAheadMs,
      timeoutMs: questionTimeoutMs,
    });
    this.sender = new GroupSender({
      connection: options,
      clock,
      timers,
      partitionCount: (topic) => this.admin.partitionCount(topic),
      appendTimeoutMs: options.appendTimeoutMs ?? 60_000,
    });
    this.appends = new GroupWriter({
      limits,
      clock,
      timers,
      spacingMs: options.appendSpacingMs ?? 20,
      notReadyAfterMs: 3_000,
      write: (records) => this.sender.write(records),
    });
  }

  static async connect(options: KafkaLogOptions): Promise<KafkaLog> {
    const log = new KafkaLog(options);
    await log.sender.connect();
    return log;
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.admin.ensureTopics(specs);
  }

  partitionCount(topic: string): Promise<number> {
    return this.admin.partitionCount(topic);
  }

  append(record: Append): void {
    this.appends.append(record);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    invariant(!this.closed, 'the log is open');
    for (const topic of options.topics) await this.admin.partitionCount(topic);
    const { timers, logger } = this.options;
    const inner = new KafkaSubscription({
      kafka: this.kafka,
      subscription: options,
      settings: this.consumerSettings(),
      timers,
      logger,
    });
    const subscription: Subscription = {
      ready: () => inner.ready(),
      close: async () => {
        this.subscriptions.delete(subscription);
        await inner.close();
      },
    };
    this.subscriptions.add(subscription);
    return subscription;
  }

  async *read(options: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    const { topic, partition, from } = options;
    const { earliest, end } = await this.admin.bounds(topic, partition);
    const start = 'offset' in from ? from.offset : await this.admin.offsetAt(topic, partition, from.timeMs);
    const range = {
      topic,
      partition,
      fromOffset: Math.max(start, earliest),
      toOffset: Math.min(options.toOffset ?? end, end),
    };
    const { clientId, timers, logger } = this.options;
    const context = { kafka: this.kafka, admin: this.admin, clientId, timers, logger };
    yield* readPartition(context, range, options.maxBatchRecords ?? defaultReadRecords);
  }

  bounds(topic: string, partition: number): Promise<PartitionBounds> {
    return this.admin.bounds(topic, partition);
  }

  committed(group: string, topic: string, partition: number): Promise<number | null> {
    return this.admin.committed(group, topic, partition);
  }

  isReady(): boolean {
    return !this.closed && this.sender.isHealthy() && this.appends.isMoving();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await this.appends.close();
    await Promise.all([this.sender.close(), this.admin.close()]);
  }

  private consumerSettings(): ConsumerSettings {
    const sessionTimeoutMs = this.options.sessionTimeoutMs ?? 10_000;
    return {
      sessionTimeoutMs,
      rebalanceTimeoutMs: this.options.rebalanceTimeoutMs ?? defaultRebalanceTimeoutMs,
      heartbeatIntervalMs: Math.min(500, Math.floor(sessionTimeoutMs / 4)),
      maxBytesPerPartition: 1_048_576,
      maxFetchBytes: 10_485_760,
      concurrentPartitions: 64,
    };
  }
}
