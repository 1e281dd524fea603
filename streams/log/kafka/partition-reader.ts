/**
 * Reads a range of one partition outside any group, as far as kafkajs allows it.
 *
 * kafkajs reads only as a member of a group, so the reader joins one that nobody else knows, assigns itself the one partition, seeks,
 * and deletes the group at the end. It reads ahead by one fetch. The end is an offset; where the last records before it were compacted
 * away it is never seen, so a partition that has stayed silent through some whole fetches counts as read to its end.
 */
import { randomUUID } from 'node:crypto';
import { pause, type Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
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
import { Handover } from './handover.ts';
import { kafkaRetry } from './kafka-client.ts';
import type { TopicAdmin } from './topic-admin.ts';

const fetchWaitMs = 250;
const silentFetchesAtEnd = 3;
const readAttempts = 60;
const pauseBetweenReadsMs = 500;
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

export async function* readPartition(
  context: ReaderContext,
  range: PartitionRange,
  maxBatchRecords: number,
): AsyncGenerator<readonly LogRecord[]> {
  let fromOffset = range.fromOffset;
  for (let attempt = 1; fromOffset < range.toOffset; attempt++) {
    try {
      for await (const records of readOnce(context, { ...range, fromOffset })) {
        attempt = 1;
        for (let at = 0; at < records.length; at += maxBatchRecords) {
          const slice = records.slice(at, at + maxBatchRecords);
          yield slice;
          fromOffset = slice[slice.length - 1]!.offset + 1;
        }
      }
      return;
    } catch (error) {
      if (attempt >= readAttempts) throw new ParleyError('log_unavailable', { detail: 'a read failed', cause: error });
      context.logger.warn({ err: error, attempt }, 'a read failed and goes on with a new consumer');
      await pause(context.timers, pauseBetweenReadsMs);
    }
  }
}

/** Reads with one consumer; rejects when that crashes. */
async function* readOnce(context: ReaderContext, range: PartitionRange): AsyncGenerator<readonly LogRecord[]> {
  const group = `${context.clientId}.read.${randomUUID()}`;
  const handover = new Handover();
  const consumer = startConsumer(context, range, group, handover);
  try {
    for (let next = range.fromOffset; next < range.toOffset; ) {
      const taken = await handover.take();
      if (taken === null) return;
      const records = taken.filter(({ offset }) => offset >= next && offset < range.toOffset);
      if (records.length > 0) yield records;
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
    if (await context.admin.deleteGroup(group)) return;
    await pause(context.timers, pauseBetweenDeletesMs);
  }
  context.logger.warn({ group }, 'the group of a read was not deleted');
}
