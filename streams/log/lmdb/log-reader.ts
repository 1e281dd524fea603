/**
 * Reads an embedded log from another process while its owner goes on writing: it opens the folder for reading only, so that it takes
 * nothing over and writes nothing.
 *
 *   const log = openLmdbLogReader(path);
 *   for await (const records of log.read({ topic, partition: 0, from: { offset: 0 } })) …
 *
 * What it sees is durable: a commit becomes visible after it was synced. Bounds are looked up at every call, because the owner moves them.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { CheckpointStore, LogReader, LogRecord, PartitionBounds, ReadOptions, TopicSpec } from '../log.ts';
import type { Partition } from './partition.ts';
import { Storage } from './storage.ts';
import { firstOffsetAt } from './time-index.ts';

const defaultReadRecords = 500;
const maxBatchBytes = 4_194_304;

export class LmdbLogReader implements LogReader {
  readonly #storage: Storage;
  readonly #checkpoints: Pick<CheckpointStore, 'load'> | null;

  constructor(path: string, checkpoints: Pick<CheckpointStore, 'load'> | null = null) {
    this.#storage = new Storage(path, { readOnly: true });
    this.#checkpoints = checkpoints;
  }

  async topics(): Promise<readonly TopicSpec[]> {
    return this.#storage.loadTopics().map(({ spec }) => spec);
  }

  async partitionCount(topic: string): Promise<number> {
    const found = this.#storage.loadTopics().find(({ spec }) => spec.topic === topic);
    if (found === undefined) throw new ParleyError('not_found', { detail: `no topic ${topic}` });
    return found.spec.partitions;
  }

  async *read(options: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    const partition = this.#partition(options.topic, options.partition);
    const end = Math.min(options.toOffset ?? partition.end, partition.end);
    const { from } = options;
    let next = 'offset' in from ? from.offset : firstOffsetAt(this.#storage, partition, from.timeMs);
    const maxRecords = options.maxBatchRecords ?? defaultReadRecords;
    while (next < end) {
      const start = Math.max(next, partition.earliest);
      const records = this.#storage.read(partition, start, end, maxRecords, maxBatchBytes);
      if (records.length === 0) return;
      yield records;
      next = records[records.length - 1]!.offset + 1;
    }
  }

  async bounds(topic: string, partition: number): Promise<PartitionBounds> {
    const { earliest, end } = this.#partition(topic, partition);
    return { earliest, end };
  }

  async committed(group: string, topic: string, partition: number): Promise<number | null> {
    return this.#checkpoints?.load(group, topic, partition) ?? null;
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #partition(topic: string, partition: number): Partition {
    const found = this.#storage.loadPartitionOf(topic, partition);
    if (found === null) throw new ParleyError('not_found', { detail: `no partition ${topic}/${partition}` });
    return found;
  }
}

export function openLmdbLogReader(path: string, checkpoints?: Pick<CheckpointStore, 'load'>): LmdbLogReader {
  return new LmdbLogReader(path, checkpoints ?? null);
}
