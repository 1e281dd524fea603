/**
 * Reads a range of one partition outside any group, as far as kafkajs allows it.
 *
 * kafkajs reads only as a member of a group, so the reader joins one that nobody else knows, assigns itself the one partition, seeks,
 * and deletes the group at the end. It reads ahead by one fetch. The end is an offset; where the last records before it were compacted
 * away it is never seen, so a partition that has stayed silent through some whole fetches counts as read to its end.
 */
import { randomUUID } from 'node:crypto';
import type { Timers } from '@parley/schemas/environment/clock';
import { pause } from '@parley/schemas/environment/clock';
import {
  AssignerProtocol,
  type Consumer,
  type ConsumerCrashEvent,
  type ConsumerFetchEvent,
  type EachBatchPayload,
  type Kafka,
  type PartitionAssigner,
} from 'kafkajs';
import type { Logger } from 'pino';
import type { LogRecord } from '../log.ts';
import { recordOf } from './batch-feeder.ts';
import { kafkaRetry } from './kafka-client.ts';
import type { TopicAdmin } from './topic-admin.ts';

const fetchWaitMs = 250;
const silentFetchesAtEnd = 3;
const deleteAttempts = 5;
const pauseBetweenDeletesMs = 200;

export interface PartitionRange {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

export interface ReaderContext {
  readonly kafka: Kafka;
  readonly admin: TopicAdmin;
  readonly clientId: string;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** What one side hands over and the other takes, one piece at a time. */
class Handover {
  private waitingTaker: ((records: readonly LogRecord[] | null) => void) | null = null;
  private fail: ((error: Error) => void) | null = null;
  private piece: { readonly records: readonly LogRecord[]; readonly taken: () => void } | null = null;
  private ended: { readonly error: Error | null } | null = null;

  /** Resolves when the other side has taken it, or wants no more. */
  give(records: readonly LogRecord[]): Promise<void> {
    if (this.ended !== null) return Promise.resolve();
    if (this.waitingTaker !== null) {
      const taker = this.waitingTaker;
      this.waitingTaker = null;
      taker(records);
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.piece = { records, taken };
    });
  }

  take(): Promise<readonly LogRecord[] | null> {
    const { piece, ended } = this;
    if (piece !== null) {
      this.piece = null;
      piece.taken();
      return Promise.resolve(piece.records);
    }
    if (ended !== null) return ended.error === null ? Promise.resolve(null) : Promise.reject(ended.error);
    return new Promise((resolve, reject) => {
      this.waitingTaker = resolve;
      this.fail = reject;
    });
  }

  end(error: Error | null): void {
    this.ended ??= { error };
    this.piece?.taken();
    if (error === null) this.waitingTaker?.(null);
    else this.fail?.(error);
    this.waitingTaker = null;
  }
}

export async function* readPartition(
  context: ReaderContext,
  range: PartitionRange,
  maxBatchRecords: number,
): AsyncGenerator<readonly LogRecord[]> {
  if (range.fromOffset >= range.toOffset) return;
  const group = `${context.clientId}.read.${randomUUID()}`;
  const handover = new Handover();
  const consumer = startConsumer(context, range, group, handover);
  try {
    for (let next = range.fromOffset; next < range.toOffset; ) {
      const taken = await handover.take();
      if (taken === null) return;
      const records = taken.filter(({ offset }) => offset >= next && offset < range.toOffset);
      for (let at = 0; at < records.length; at += maxBatchRecords) yield records.slice(at, at + maxBatchRecords);
      next = Math.max(next, (taken[taken.length - 1]?.offset ?? -1) + 1);
    }
  } finally {
    handover.end(null);
    await consumer.disconnect();
    await deleteGroup(context, group);
  }
}

function startConsumer(context: ReaderContext, range: PartitionRange, group: string, handover: Handover): Consumer {
  const { topic, partition, fromOffset } = range;
  const consumer = context.kafka.consumer({
    groupId: group,
    maxWaitTimeInMs: fetchWaitMs,
    allowAutoTopicCreation: false,
    partitionAssigners: [onlyPartition(topic, partition)],
    retry: { ...kafkaRetry, restartOnFailure: () => Promise.resolve(false) },
  });
  consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => handover.end(payload.error));
  // Before the first fetch, so that nothing before the range is read.
  consumer.on(consumer.events.GROUP_JOIN, () => consumer.seek({ topic, partition, offset: String(fromOffset) }));
  const silence = new Silence(() => handover.end(null));
  consumer.on(consumer.events.FETCH, ({ payload }: ConsumerFetchEvent) => silence.fetched(payload.duration));
  const eachBatch = async ({ batch, resolveOffset }: EachBatchPayload): Promise<void> => {
    silence.broken();
    await handover.give(batch.messages.map((message) => recordOf(topic, partition, message)));
    resolveOffset(batch.lastOffset());
  };
  const start = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
  };
  start().catch((error: unknown) => handover.end(error instanceof Error ? error : new Error(String(error))));
  return consumer;
}

/** Counts fetches in a row that waited their whole time and brought nothing. */
class Silence {
  private fetches = 0;
  private readonly onEnd: () => void;

  constructor(onEnd: () => void) {
    this.onEnd = onEnd;
  }

  fetched(durationMs: number): void {
    // A fetch that ended early brought something, or failed: the batch, if there is one, comes after this event.
    this.fetches = durationMs >= fetchWaitMs * 0.9 ? this.fetches + 1 : 0;
    if (this.fetches > silentFetchesAtEnd) this.onEnd();
  }

  broken(): void {
    this.fetches = 0;
  }
}

function onlyPartition(topic: string, partition: number): PartitionAssigner {
  return () => ({
    name: 'only-partition',
    version: 0,
    assign: ({ members }) =>
      Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 0,
            assignment: { [topic]: [partition] },
            userData: Buffer.alloc(0),
          }),
        })),
      ),
    protocol: ({ topics }) => ({
      name: 'only-partition',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
    }),
  });
}

/** A group is not empty at once when its member leaves. One that stays behind holds no offsets and is dropped by the broker. */
async function deleteGroup(context: ReaderContext, group: string): Promise<void> {
  for (let attempt = 1; attempt <= deleteAttempts; attempt++) {
    try {
      await context.admin.deleteGroup(group);
      return;
    } catch (error) {
      if (attempt === deleteAttempts) context.logger.warn({ err: error, group }, 'the group of a read was not deleted');
      else await pause(context.timers, pauseBetweenDeletesMs);
    }
  }
}
