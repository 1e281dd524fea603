/**
 * A subscription: a consumer of its group that is made anew whenever kafkajs gives one up.
 *
 * kafkajs would restart some crashes by itself and not others; here it never does, and every crash is answered in the same way. A
 * crash comes after the batches in flight, and the next consumer begins at the group's commits.
 */
import { pause, type Timers } from '@parley/schemas/environment/clock';
import {
  type Consumer,
  type ConsumerCrashEvent,
  type ConsumerGroupJoinEvent,
  type Kafka,
  type PartitionAssigner,
  PartitionAssigners,
} from 'kafkajs';
import type { Logger } from 'pino';
import type { SubscribeOptions, Subscription } from '../log.ts';
import { Assignment } from './assignment.ts';
import { BatchFeeder } from './batch-feeder.ts';
import { kafkaRetry } from './kafka-client.ts';

/** How long a fetch waits for records: also how soon a rebalance or a close is noticed when there are none. */
const fetchWaitMs = 250;
const pauseBetweenConsumersMs = 500;

export interface ConsumerSettings {
  /** Without a heartbeat for so long, a member is taken for dead. */
  readonly sessionTimeoutMs: number;
  /** How long members may take to finish their batches before a rebalance goes on without them. */
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly maxBytesPerPartition: number;
  readonly maxFetchBytes: number;
  /** Partitions whose batches are handled at the same time. */
  readonly concurrentPartitions: number;
}

export interface KafkaSubscriptionOptions {
  readonly kafka: Kafka;
  readonly subscription: SubscribeOptions;
  readonly settings: ConsumerSettings;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class KafkaSubscription implements Subscription {
  private readonly options: KafkaSubscriptionOptions;
  private readonly assignment: Assignment;
  private readonly feeder: BatchFeeder;
  private askedToClose: () => void = () => undefined;
  private readonly closeAsked = new Promise<void>((resolve) => {
    this.askedToClose = resolve;
  });
  private closing = false;
  private readonly running: Promise<void>;

  constructor(options: KafkaSubscriptionOptions) {
    const { subscription, settings, timers, logger } = options;
    this.options = options;
    this.assignment = new Assignment({ handler: subscription.handler, timers, logger });
    const { heartbeatIntervalMs } = settings;
    this.feeder = new BatchFeeder({
      subscription,
      assignment: this.assignment,
      timers,
      logger,
      heartbeatIntervalMs,
    });
    this.running = this.run();
  }

  ready(): Promise<void> {
    return this.assignment.ready;
  }

  async close(): Promise<void> {
    this.closing = true;
    this.assignment.close();
    this.askedToClose();
    await this.running;
  }

  private async run(): Promise<void> {
    const { group } = this.options.subscription;
    while (!this.closing) {
      const consumer = this.makeConsumer();
      try {
        await this.consume(consumer);
      } catch (error) {
        this.options.logger.warn({ err: error, group }, 'a consumer failed and is made anew');
      }
      await this.disconnect(consumer); // Lets the batches in flight end and commit.
      this.assignment.lost();
      if (!this.closing) await pause(this.options.timers, pauseBetweenConsumersMs);
    }
  }

  /** Ends when the subscription closes; rejects when the consumer crashed. */
  private async consume(consumer: Consumer): Promise<void> {
    const { topics, from } = this.options.subscription;
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => reject(payload.error));
    });
    crashed.catch(() => undefined); // It may come when nobody waits any longer.
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }: ConsumerGroupJoinEvent) => {
      const entries = Object.entries(payload.memberAssignment);
      this.assignment.joined(
        entries.flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition }))),
      );
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: from === 'earliest' });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.options.settings.concurrentPartitions,
      eachBatch: (payload) => this.feeder.feed(payload),
    });
    await Promise.race([crashed, this.closeAsked]);
  }

  private async disconnect(consumer: Consumer): Promise<void> {
    try {
      await consumer.disconnect();
    } catch (error) {
      this.options.logger.debug({ err: error }, 'a consumer was not disconnected cleanly');
    }
  }

  private makeConsumer(): Consumer {
    const { kafka, subscription, settings } = this.options;
    return kafka.consumer({
      groupId: subscription.group,
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      heartbeatInterval: settings.heartbeatIntervalMs,
      maxBytesPerPartition: settings.maxBytesPerPartition,
      maxBytes: settings.maxFetchBytes,
      maxWaitTimeInMs: fetchWaitMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [this.noticingAssigner()],
      retry: { ...kafkaRetry, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  /** kafkajs asks an assigner for its protocol at the start of every join: the one moment that no event tells. */
  private noticingAssigner(): PartitionAssigner {
    return (config) => {
      const base = PartitionAssigners.roundRobin(config);
      return {
        name: base.name,
        version: base.version,
        assign: (group) => base.assign(group),
        protocol: (subscription) => {
          this.assignment.lost();
          return base.protocol(subscription);
        },
      };
    };
  }
}
