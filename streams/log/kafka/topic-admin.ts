/** Questions and orders about topics and groups: what kafkajs's admin client answers, with a new client after a failure. */
import { type Clock, pause, type Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { PartitionBounds, TopicSpec } from '../log.ts';
import { checkPartitionCount } from '../topic-mismatch.ts';

const pauseBetweenAttemptsMs = 500;
const createTimeoutMs = 30_000;
/** In-sync replicas that hold a record before it is acknowledged, where there are enough of them (design idea 3). */
const durableReplicas = 2;
const noOffset = '-1';
/** The protocol's number for it. */
const groupIdNotFound = 69;

export interface TopicAdminOptions {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Copies of each partition. */
  readonly replicationFactor: number;
  readonly maxTimestampAheadMs: number;
  /** How long a question is asked again while no broker answers. */
  readonly timeoutMs: number;
}

export class TopicAdmin {
  private readonly options: TopicAdminOptions;
  private readonly counts = new Map<string, number>();
  private client: Promise<Admin> | null = null;

  constructor(options: TopicAdminOptions) {
    this.options = options;
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const existing = new Set(await this.ask((admin) => admin.listTopics()));
    const missing = specs.filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) await this.create(missing);
    for (const spec of specs) checkPartitionCount(spec, await this.partitionCount(spec.topic));
    await this.checkTimestamps(specs);
  }

  /** @throws ParleyError `not_found` */
  async partitionCount(topic: string): Promise<number> {
    const known = this.counts.get(topic);
    if (known !== undefined) return known;
    const all = await this.ask((admin) => admin.listTopics());
    if (!all.includes(topic)) throw new ParleyError('not_found', { detail: `no topic ${topic}` });
    const { topics } = await this.ask((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    const count = topics[0]?.partitions.length ?? 0;
    if (count === 0) throw new ParleyError('not_found', { detail: `no topic ${topic}` });
    this.counts.set(topic, count);
    return count;
  }

  async bounds(topic: string, partition: number): Promise<PartitionBounds> {
    await this.checkPartition(topic, partition);
    const offsets = await this.ask((admin) => admin.fetchTopicOffsets(topic));
    const found = offsets.find((one) => one.partition === partition);
    if (found === undefined) throw new ParleyError('not_found', { detail: `no partition ${topic}/${partition}` });
    return { earliest: Number(found.low), end: Number(found.high) };
  }

  /** The first offset whose record has this timestamp or a later one; the partition's end if there is none. */
  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    await this.checkPartition(topic, partition);
    const offsets = await this.ask((admin) => admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, timeMs)));
    return Number(offsets.find((one) => one.partition === partition)?.offset ?? 0);
  }

  async committed(group: string, topic: string, partition: number): Promise<number | null> {
    await this.checkPartition(topic, partition);
    const [answer] = await this.ask((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
    const offset = answer?.partitions.find((one) => one.partition === partition)?.offset ?? noOffset;
    return offset === noOffset ? null : Number(offset);
  }

  /** False if the group still has a member. One that never came to be counts as deleted. */
  deleteGroup(group: string): Promise<boolean> {
    return this.ask(async (admin) => {
      try {
        await admin.deleteGroups([group]);
        return true;
      } catch (error) {
        if (!(error instanceof kafkajs.KafkaJSDeleteGroupsError)) throw error;
        return error.groups.every(({ errorCode }) => errorCode === groupIdNotFound);
      }
    });
  }

  async close(): Promise<void> {
    const client = this.client;
    this.client = null;
    await (await client)?.disconnect();
  }

  private async create(specs: readonly TopicSpec[]): Promise<void> {
    const { replicationFactor, maxTimestampAheadMs } = this.options;
    const minInSync = replicationFactor > durableReplicas ? durableReplicas : 1;
    const topics = specs.map(({ topic, partitions, retentionMs, compacted }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: [
        { name: 'retention.ms', value: String(retentionMs ?? -1) },
        { name: 'cleanup.policy', value: compacted ? 'compact' : 'delete' },
        { name: 'min.insync.replicas', value: String(minInSync) },
        { name: 'message.timestamp.type', value: 'CreateTime' },
        { name: 'message.timestamp.after.max.ms', value: String(maxTimestampAheadMs) },
      ],
    }));
    // False where another process was faster; what it made is checked like any other.
    await this.ask((admin) => admin.createTopics({ topics, waitForLeaders: true, timeout: createTimeoutMs }));
  }

  /** A topic that was made by hand without the bound on timestamps would silently break design rule 2. */
  private async checkTimestamps(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    const { resources } = await this.ask((admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: specs.map(({ topic }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic })),
      }),
    );
    for (const { resourceName, configEntries } of resources) {
      const settingOf = (name: string) => configEntries.find(({ configName }) => configName === name)?.configValue;
      const aheadMs = Number(settingOf('message.timestamp.after.max.ms'));
      if (settingOf('message.timestamp.type') === 'CreateTime' && aheadMs <= this.options.maxTimestampAheadMs) continue;
      throw new ParleyError('topic_mismatch', {
        detail: `${resourceName} must have message.timestamp.type=CreateTime and a bounded message.timestamp.after.max.ms`,
      });
    }
  }

  private async checkPartition(topic: string, partition: number): Promise<void> {
    if (partition < (await this.partitionCount(topic)) && partition >= 0) return;
    throw new ParleyError('not_found', { detail: `no partition ${topic}/${partition}` });
  }

  /** A client whose broker went away does not always find its way back, so every failure costs it its place. */
  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const { clock, timers, timeoutMs } = this.options;
    const deadlineMs = clock.nowMs() + timeoutMs;
    for (;;) {
      this.client ??= this.connect();
      const client = this.client;
      try {
        return await question(await client);
      } catch (error) {
        if (this.client === client) this.client = null;
        client.then((admin) => admin.disconnect()).catch(() => undefined); // It failed before; its end is of no interest.
        if (clock.nowMs() >= deadlineMs || !mayPass(error)) {
          throw new ParleyError('log_unavailable', { detail: 'the brokers did not answer a question', cause: error });
        }
        await pause(timers, pauseBetweenAttemptsMs);
      }
    }
  }

  private async connect(): Promise<Admin> {
    const admin = this.options.kafka.admin({ retry: { retries: 5 } });
    await admin.connect();
    return admin;
  }
}

/** What a broker refused it will refuse again, unless it said that it may be otherwise later. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const retriable: unknown = 'retriable' in error ? error.retriable : true;
  const passing = /Connection|RetriesExceeded|BrokerNotFound|NoBroker|Timeout|Coordinator|Metadata/;
  return retriable === true || passing.test(error.name) || passing.test(error.message);
}
