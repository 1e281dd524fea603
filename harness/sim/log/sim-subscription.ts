/** A subscription of one process: it takes assignments, feeds its handler partition by partition, and gives back drained. */
import { pause } from '@parley/schemas/environment/clock';
import { BatchRetry } from '@parley/streams/log/batch-retry';
import type { RecordBatch, SubscribeOptions, Subscription } from '@parley/streams/log/log';
import type { Life } from '../environment/life.ts';
import type { Remote } from '../environment/remote.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { Broker } from './broker.ts';
import type { Coordinator, GroupMember, TopicPartition } from './coordinator.ts';
import { PartitionFeed } from './partition-feed.ts';

export interface SimSubscriptionContext {
  readonly broker: Broker;
  readonly coordinator: Coordinator;
  readonly remote: Remote;
  readonly life: Life;
  readonly random: SeededRandom;
  /** How many records the next batch has, of at most so many. */
  readonly batchRecords: (most: number) => number;
  /** How long a session outlives its process. */
  readonly sessionMs: () => number;
  /** Told of every batch that a handler was given, and what came of it. */
  readonly observe: (batch: RecordBatch, outcome: 'begun' | 'handled' | 'failed', detail: string) => void;
}

const mostWayMs = 20;
const rejoinMs = 500;

export class SimSubscription implements Subscription, GroupMember {
  readonly #context: SimSubscriptionContext;
  readonly #options: SubscribeOptions;
  #feeds: PartitionFeed[] = [];
  #isClosing = false;
  #markReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#markReady = resolve;
  });

  constructor(options: SubscribeOptions, context: SimSubscriptionContext) {
    this.#options = options;
    this.#context = context;
    const { life, coordinator, sessionMs } = context;
    life.onEnd(() => life.time.after(sessionMs(), () => coordinator.remove(this)));
    this.#join();
  }

  get topics(): readonly string[] {
    return this.#options.topics;
  }

  get isHeld(): boolean {
    return this.#feeds.length > 0;
  }

  get life(): Life {
    return this.#context.life;
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  #join(): void {
    this.#toCoordinator(() => this.#context.coordinator.join(this));
  }

  #toCoordinator(run: () => void): void {
    const { life, random } = this.#context;
    if (life.isAlive) life.time.after(random.delay(mostWayMs), run);
  }

  #toMember(run: () => void): void {
    const { life, random } = this.#context;
    life.time.after(random.delay(mostWayMs), () => life.enter(run));
  }

  askBack(round: number): void {
    this.#toMember(() => {
      void this.#giveBack().then(() => this.#toCoordinator(() => this.#context.coordinator.gaveBack(this, round)));
    });
  }

  async #giveBack(): Promise<void> {
    const feeds = this.#feeds;
    for (const feed of feeds) feed.stop();
    await Promise.all(feeds.map((feed) => feed.ended));
    this.#feeds = this.#feeds.filter((feed) => !feeds.includes(feed));
  }

  take(generation: number, partitions: readonly TopicPartition[]): void {
    this.#toMember(() => void this.#take(generation, partitions));
  }

  async #take(generation: number, partitions: readonly TopicPartition[]): Promise<void> {
    await this.#giveBack();
    if (this.#isClosing) return;
    await this.#tellAssigned(generation, partitions);
    this.#feeds = partitions.map((place) => new PartitionFeed(this.#options, this.#context, this, generation, place));
    for (const feed of this.#feeds) feed.start();
    this.#markReady();
  }

  async #tellAssigned(generation: number, partitions: readonly TopicPartition[]): Promise<void> {
    const retry = new BatchRetry();
    for (;;) {
      try {
        return await this.#options.handler.assigned(generation, partitions);
      } catch {
        // As with a batch: it is asked again, and nothing is read before.
        await pause(this.#context.life, retry.nextDelayMs());
      }
    }
  }

  tellLost(): void {
    this.#toMember(() => void this.#rejoin());
  }

  async #rejoin(): Promise<void> {
    await this.#giveBack();
    await pause(this.#context.life, rejoinMs);
    if (!this.#isClosing) this.#join();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#giveBack();
    this.#toCoordinator(() => this.#context.coordinator.remove(this));
  }
}
