import { type Database } from 'lmdb';
import type { LogRecord, TopicSpec } from '../log.ts';
import { Partition, type Topic } from './partition.ts';
import { type RecordKey } from './record-format.ts';

interface StoredBounds {
  readonly earliest: number;
  readonly end: number;
}
export declare class Storage {
  private readonly root;
  private readonly owner;
  private readonly catalogue;
  private readonly bounds;
  readonly records: Database<Buffer, RecordKey | number>;
  /** Of compacted topics: partition id and record key → the offset that is the key's latest below the clean point. */
  readonly latest: Database<number, Buffer>;
  /** Partition id → the offset up to which `latest` is right. */
  readonly cleaned: Database<number, number>;
  private readonly epoch;
  constructor(path: string);
  /** Runs `write`, which puts and removes, and resolves when all of it is durable. */
  commit(write: () => void): Promise<void>;
  loadTopics(): Topic[];
  /** Makes a topic, or changes how long an existing one keeps its records. */
  storeTopic(spec: TopicSpec): Promise<Topic>;
  /** Records of [from, to), at most so many, and no more once `maxBytes` are reached. */
  read(partition: Partition, from: number, to: number, maxRecords: number, maxBytes: number): LogRecord[];
  /** Values are copies: they stay valid after the read transaction. */
  range(
    partition: Partition,
    from: number,
    to: number,
    limit: number,
  ): Iterable<{
    readonly key: number;
    readonly value: Buffer;
  }>;
  /** To be called inside `commit`. */
  putBounds(partition: Partition, bounds: StoredBounds): void;
  close(): Promise<void>;
  private loadTopic;
  private loadPartition;
}
