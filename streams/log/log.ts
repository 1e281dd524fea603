/**
 * The port to the log: partitioned topics of records, appended durably and read in order.
 *
 * Two adapters: `kafka/` (kafkajs) and `lmdb/` (embedded). `log.contract.ts` is the suite that both pass. Both place a key in
 * the same partition (Kafka's murmur2 of `partitionKey`), refuse a record whose timestamp is more than 5 s ahead of the log's
 * own clock, and acknowledge a record only when it is durable.
 */
import type { ParleyError } from '@parley/schemas/errors/parley-error';

/** Parley writes none; whoever audits the log must see those that somebody else wrote. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer;
}

/** A record as it is read. Offsets grow by at least 1 per record of a partition (Kafka may leave gaps). */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Set by the appender: the receive time of the event. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Absent where there are none. */
  readonly headers?: readonly RecordHeader[];
}

/**
 * A record on its way into the log. Implementations are small classes that carry what their owner needs when it is settled,
 * so that the hot path makes no promise and no closure per message.
 */
export interface Append {
  readonly topic: string;
  readonly key: string;
  /** What decides the partition; the key where it is null. */
  readonly partitionKey: string | null;
  readonly value: Buffer | null;
  readonly timestampMs: number;
  /** Called once, when the log holds the record durably. Must not throw. */
  appended(partition: number, offset: number): void;
  /** Called once, when the record was refused or the log gave up; it may be in the log all the same. Must not throw. */
  failed(error: ParleyError): void;
}

/** What a topic is made with. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** null: kept for ever. */
  readonly retentionMs: number | null;
  readonly compacted: boolean;
}

export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  /** Grows with every (re)assignment that this member took part in; state cached under another generation is not valid. */
  readonly generation: number;
  /** In order of offset, never empty. */
  readonly records: readonly LogRecord[];
  /** The partition's end (the next offset to be written) as known when the batch was read. */
  readonly endOffset: number;
  /** False once the partition was taken away or the subscription is closing: stop early, save nothing more. */
  isCurrent(): boolean;
  /** Tells the log that the handler is alive; call it between steps of long work. */
  heartbeat(): Promise<void>;
}

/** What a subscriber does. Batches of one partition come one after another; different partitions may run concurrently. */
export interface BatchHandler {
  /** A new assignment begins; all batches of the one before have ended. Forget cached state (design rule 10). */
  assigned(generation: number, partitions: ReadonlyArray<{ topic: string; partition: number }>): Promise<void>;
  /**
   * Handle the batch whole, then resolve to the offset to commit (the next one to read), or null to commit nothing yet. A later
   * commit covers everything before it. A rejection means: nothing is committed, wait, and the batch comes again from the last
   * position that was committed or handled; no record is ever skipped because a handler failed.
   */
  handle(batch: RecordBatch): Promise<number | null>;
}

export interface SubscribeOptions {
  readonly topics: readonly string[];
  readonly group: string;
  readonly handler: BatchHandler;
  /** Upper bound of records in a batch. */
  readonly maxBatchRecords: number;
  /** Where a group without a committed offset begins. A projection must use `earliest`. */
  readonly from: 'earliest' | 'latest';
}

export interface Subscription {
  /** Waits for the first assignment. */
  ready(): Promise<void>;
  /** Ends after the batches in flight; their commits are done when it resolves. */
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly topic: string;
  readonly partition: number;
  /** Where to begin: an offset, or the first record whose timestamp is at or after a time. */
  readonly from: { readonly offset: number } | { readonly timeMs: number };
  /** Exclusive end; the end of the log at the time of the call where it is absent. */
  readonly toOffset?: number;
  readonly maxBatchRecords?: number;
}

/** Where a partition begins and ends: [earliest, end). */
export interface PartitionBounds {
  readonly earliest: number;
  readonly end: number;
}

export interface Log {
  /** Makes the topics that are missing; an existing one with another partition count is refused. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  partitionCount(topic: string): Promise<number>;
  /**
   * Queues a record. Records are grouped while the previous group is on its way: an idle log appends at once.
   * @throws ParleyError `record_too_large`, `queue_full` (synchronously: nothing was queued)
   */
  append(record: Append): void;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Reads a range outside any group. */
  read(options: ReadOptions): AsyncIterable<readonly LogRecord[]>;
  bounds(topic: string, partition: number): Promise<PartitionBounds>;
  /** The group's next offset in a partition; null if it never committed. */
  committed(group: string, topic: string, partition: number): Promise<number | null>;
  /** False while appends are refused or not acknowledged, and after `timestamp_ahead` until an append succeeds. */
  isReady(): boolean;
  /** Ends after the appends in flight. */
  close(): Promise<void>;
}

/** A log that can only be looked at. */
export type LogReader = Pick<Log, 'partitionCount' | 'read' | 'bounds' | 'committed' | 'close'>;

/**
 * Where an embedded group keeps its offsets. The embedded log has none of its own: the checkpoint lives in the projections'
 * transaction, so that the two can never disagree (design rule 11). Kafka keeps group offsets itself.
 */
export interface CheckpointStore {
  load(group: string, topic: string, partition: number): number | null;
  /** Ordered after every projection write issued before it; resolves when committed. */
  save(group: string, topic: string, partition: number, nextOffset: number): Promise<void>;
}
