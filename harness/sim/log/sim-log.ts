/**
 * The log as one process has it: the port's third adapter, on the simulated broker.
 *
 * Appends go the way of the real adapters (GroupWriter: one group under way, bounded). Within a group each partition's records are a
 * request of their own, so some may be refused, or be in the log without anybody saying so, while others are not.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { GroupWriter } from '@parley/streams/log/group-writer';
import { defaultLogLimits, type LogLimits } from '@parley/streams/log/limits';
import type {
  Append,
  Log,
  LogRecord,
  PartitionBounds,
  ReadOptions,
  SubscribeOptions,
  Subscription,
  TopicSpec,
} from '@parley/streams/log/log';
import type { Life } from '../environment/life.ts';
import type { Remote } from '../environment/remote.ts';
import type { Broker, BrokerPartition } from './broker.ts';
import type { Coordinator } from './coordinator.ts';
import { SimSubscription, type SimSubscriptionContext } from './sim-subscription.ts';

export interface SimLogContext extends Omit<SimSubscriptionContext, 'coordinator'> {
  /** Of the cluster, made at the first use. */
  readonly coordinatorOf: (group: string) => Coordinator;
  /** Production's where they are absent. */
  readonly limits?: Partial<LogLimits>;
}

const notReadyAfterMs = 10_000;
const readRecords = 50;

export class SimLog implements Log {
  readonly #context: SimLogContext;
  readonly #broker: Broker;
  readonly #remote: Remote;
  readonly #life: Life;
  readonly #writer: GroupWriter;
  readonly subscriptions: SimSubscription[] = [];
  #isAhead = false;
  #isClosed = false;

  constructor(context: SimLogContext) {
    this.#context = context;
    this.#broker = context.broker;
    this.#remote = context.remote;
    this.#life = context.life;
    this.#writer = new GroupWriter({
      limits: { ...defaultLogLimits, ...context.limits },
      clock: context.life,
      timers: context.life,
      spacingMs: 0,
      notReadyAfterMs,
      write: (records) => this.#write(records),
    });
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.#broker.ensureTopics(specs);
  }

  async partitionCount(topic: string): Promise<number> {
    return this.#broker.topic(topic).partitions.length;
  }

  append(record: Append): void {
    this.#writer.append(record);
  }

  async #write(records: readonly Append[]): Promise<void> {
    const byPartition = new Map<BrokerPartition, Append[]>();
    for (const record of records) {
      const partition = this.#broker.partitionFor(record);
      const list = byPartition.get(partition);
      if (list === undefined) byPartition.set(partition, [record]);
      else list.push(record);
    }
    await Promise.all([...byPartition].map(([partition, list]) => this.#writePartition(partition, list)));
  }

  async #writePartition(partition: BrokerPartition, records: readonly Append[]): Promise<void> {
    let results: (number | ParleyError)[];
    try {
      results = await this.#remote.call(this.#life, () => {
        this.#broker.requireLeader(partition);
        return records.map((record) => this.#broker.append(partition, record));
      });
    } catch (cause) {
      const error = new ParleyError('log_unavailable', { cause });
      for (const record of records) record.failed(error);
      return;
    }
    results.forEach((result, index) => {
      this.#isAhead = result instanceof ParleyError;
      if (result instanceof ParleyError) records[index]!.failed(result);
      else records[index]!.appended(partition.partition, result);
    });
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    for (const topic of options.topics) this.#broker.topic(topic);
    const subscription = new SimSubscription(options, {
      ...this.#context,
      coordinator: this.#context.coordinatorOf(options.group),
    });
    this.subscriptions.push(subscription);
    return subscription;
  }

  async *read({ topic, partition, from, toOffset, maxBatchRecords }: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    const place = this.#broker.partition(topic, partition);
    const end = toOffset ?? (await this.bounds(topic, partition)).end;
    let next = 'offset' in from ? from.offset : place.firstAt(from.timeMs);
    while (next < end) {
      const start = next;
      const limit = maxBatchRecords ?? readRecords;
      const records = await this.#remote.call(this.#life, () => place.read(start, limit, end));
      if (records.length === 0) return;
      yield records;
      next = records.at(-1)!.offset + 1;
    }
  }

  bounds(topic: string, partition: number): Promise<PartitionBounds> {
    const place = this.#broker.partition(topic, partition);
    return this.#remote.call(this.#life, () => ({ earliest: 0, end: place.end }));
  }

  committed(group: string, topic: string, partition: number): Promise<number | null> {
    const coordinator = this.#context.coordinatorOf(group);
    return this.#remote.call(this.#life, () => coordinator.committed({ topic, partition }));
  }

  isReady(): boolean {
    return !this.#isClosed && !this.#isAhead && this.#writer.isMoving();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
    await this.#writer.close();
  }
}
