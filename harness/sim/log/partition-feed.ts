/** Feeds one partition to one handler for the length of one assignment: batches of any size, one after the other. */
import type { TimerHandle } from '@parley/schemas/environment/clock';
import { BatchRetry } from '@parley/streams/log/batch-retry';
import type { LogRecord, RecordBatch, SubscribeOptions } from '@parley/streams/log/log';
import type { BrokerPartition } from './broker.ts';
import type { GroupMember, TopicPartition } from './coordinator.ts';
import type { SimSubscriptionContext } from './sim-subscription.ts';

export class PartitionFeed {
  readonly #options: SubscribeOptions;
  readonly #context: SimSubscriptionContext;
  readonly #member: GroupMember;
  readonly #generation: number;
  readonly #partition: BrokerPartition;
  readonly #retry = new BatchRetry();
  #stopping = false;
  #wake: () => void = () => undefined;
  #backoff: TimerHandle | null = null;
  ended: Promise<void> = Promise.resolve();

  constructor(
    options: SubscribeOptions,
    context: SimSubscriptionContext,
    member: GroupMember,
    generation: number,
    { topic, partition }: TopicPartition,
  ) {
    this.#options = options;
    this.#context = context;
    this.#member = member;
    this.#generation = generation;
    this.#partition = context.broker.partition(topic, partition);
  }

  start(): void {
    this.ended = this.#run();
  }

  /** From now on the batch in flight is not current; `ended` resolves after it. */
  stop(): void {
    this.#stopping = true;
    this.#backoff?.cancel();
    this.#wake();
  }

  async #run(): Promise<void> {
    let position = await this.#begin();
    while (!this.#stopping && position !== null) {
      const read = await this.#read(position);
      if (this.#stopping) return;
      if (read === null) await this.#wait(this.#retry.nextDelayMs());
      else if (read.records.length === 0) await this.#changed(position);
      else position = await this.#deliver(read.records, read.end, position);
    }
  }

  /** The group's commit, or where one without a commit begins. */
  async #begin(): Promise<number | null> {
    const { remote, life, coordinator } = this.#context;
    while (!this.#stopping) {
      try {
        const committed = await remote.call(life, () => coordinator.committed(this.#partition));
        return committed ?? (this.#options.from === 'earliest' ? 0 : this.#partition.end);
      } catch {
        await this.#wait(this.#retry.nextDelayMs()); // The broker does not answer: asked again.
      }
    }
    return null;
  }

  async #read(position: number): Promise<{ records: LogRecord[]; end: number } | null> {
    const { remote, life, batchRecords } = this.#context;
    const limit = batchRecords(this.#options.maxBatchRecords);
    try {
      return await remote.call(life, () => ({
        records: this.#partition.read(position, limit),
        end: this.#partition.end,
      }));
    } catch {
      return null; // The broker does not answer: asked again.
    }
  }

  #changed(position: number): Promise<void> {
    const { life } = this.#context;
    const partition = this.#partition;
    return new Promise((resolve) => {
      const watcher = (): void => {
        partition.watchers.delete(watcher);
        life.enter(resolve);
      };
      this.#wake = watcher;
      partition.watchers.add(watcher);
      if (partition.end > position) watcher();
    });
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#backoff = this.#context.life.after(delayMs, resolve);
    });
  }

  async #deliver(records: readonly LogRecord[], endOffset: number, position: number): Promise<number> {
    const { observe } = this.#context;
    const batch: RecordBatch = {
      topic: this.#partition.topic,
      partition: this.#partition.partition,
      generation: this.#generation,
      records,
      endOffset,
      isCurrent: () => !this.#stopping,
      heartbeat: () => Promise.resolve(),
    };
    observe(batch, 'begun', '');
    try {
      const commit = await this.#options.handler.handle(batch);
      observe(batch, 'handled', String(commit));
      this.#context.coordinator.handledUpTo(this.#partition, records.at(-1)!.offset + 1);
      this.#retry.succeeded();
      if (commit !== null) await this.#commit(commit);
      return records.at(-1)!.offset + 1;
    } catch (error) {
      observe(batch, 'failed', String(error));
      if (!this.#stopping) await this.#wait(this.#retry.nextDelayMs());
      return position;
    }
  }

  async #commit(nextOffset: number): Promise<void> {
    const { remote, life, coordinator } = this.#context;
    try {
      await remote.call(life, () => coordinator.commit(this.#member, this.#partition, nextOffset));
    } catch {
      // The broker does not answer: a later commit covers this one, or the batch comes again.
    }
  }
}
