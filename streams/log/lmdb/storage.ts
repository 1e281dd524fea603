/**
 * The LMDB environment of the embedded log: the topics' catalogue, the records, and the commits that make them durable.
 *
 * Commits are LMDB's own synced ones (`overlappingSync` off): a commit's promise resolves after the data and then the page that
 * names it were flushed, so what has resolved survives a crash of the machine, and nothing is visible before. Every commit is
 * conditional on the epoch that this process wrote when it opened the folder. A process that opens it later takes the log over,
 * and the commits of the earlier one are refused, instead of both giving the same offsets to different records.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { LogRecord, TopicSpec } from '../log.ts';
import { assertRoom, freeBytesOf, logReserveBytes } from './free-space.ts';
import { Partition, type Topic } from './partition.ts';
import { decodeRecord, maxOffset, maxSoFarOf, partitionId, type RecordKey, recordKeyEncoder } from './record-format.ts';

interface CatalogueEntry extends TopicSpec {
  readonly number: number;
}

interface StoredBounds {
  readonly earliest: number;
  readonly end: number;
}

export interface StorageOptions {
  /** For a reader in another process: it takes nothing over, and can write nothing. */
  readonly readOnly?: boolean;
  /** For tests: how much room the disk has. */
  readonly freeBytes?: () => number;
}

const ownerKey = 'owner';
/** Address space to begin with, not disk or memory: while it suffices the file is mapped once. LMDB takes more when it needs it. */
const mapBytes = 256 * 2 ** 30;

export class Storage {
  private readonly root: RootDatabase;
  private readonly owner: Database<string, string>;
  private readonly catalogue: Database<CatalogueEntry, string>;
  private readonly bounds: Database<StoredBounds, number>;
  readonly records: Database<Buffer, RecordKey | number>;
  /** Of compacted topics: partition id and record key → the offset that is the key's latest below the clean point. */
  readonly latest: Database<number, Buffer>;
  /** Partition id → the offset up to which `latest` is right. */
  readonly cleaned: Database<number, number>;
  private readonly epoch: number;
  private readonly freeBytes: () => number;

  constructor(path: string, { readOnly = false, freeBytes = () => freeBytesOf(path) }: StorageOptions = {}) {
    this.freeBytes = freeBytes;
    // A batch of lmdb's own per turn of the event loop would reject a promise that nobody can have when a commit fails.
    this.root = open({
      path,
      mapSize: mapBytes,
      maxDbs: 8,
      overlappingSync: false,
      eventTurnBatching: false,
      readOnly,
    });
    this.owner = this.root.openDB('owner', { useVersions: true, encoding: 'string' });
    this.catalogue = this.root.openDB('catalogue', { encoding: 'json' });
    this.bounds = this.root.openDB('bounds', { encoding: 'json', keyEncoding: 'uint32' });
    this.latest = this.root.openDB('latest', { encoding: 'json', keyEncoding: 'binary' });
    this.cleaned = this.root.openDB('cleaned', { encoding: 'json', keyEncoding: 'uint32' });
    this.records = this.root.openDB({ name: 'records', encoding: 'binary', ...{ keyEncoder: recordKeyEncoder } });
    this.epoch = readOnly ? 0 : this.takeOver();
  }

  /** From here on the commits of whoever had the log before are refused. */
  private takeOver(): number {
    return this.root.transactionSync(() => {
      const epoch = (this.owner.getEntry(ownerKey)?.version ?? 0) + 1;
      this.owner.put(ownerKey, 'writer', epoch);
      return epoch;
    });
  }

  /** Runs `write`, which puts and removes, and resolves when all of it is durable. */
  async commit(write: () => void): Promise<void> {
    assertRoom(this.freeBytes(), logReserveBytes, 'log_unavailable');
    let done: boolean;
    try {
      done = await this.owner.ifVersion(ownerKey, this.epoch, write);
    } catch (error) {
      throw new ParleyError('log_unavailable', { detail: await describe(error), cause: error });
    }
    if (!done) throw new ParleyError('log_unavailable', { detail: 'another process has opened the log' });
  }

  loadTopics(): Topic[] {
    return [...this.catalogue.getRange()].map(({ value }) => this.loadTopic(value));
  }

  /** Makes a topic, or changes how long an existing one keeps its records. */
  async storeTopic(spec: TopicSpec): Promise<Topic> {
    const known = this.catalogue.get(spec.topic);
    const entry: CatalogueEntry = { ...spec, number: known?.number ?? this.catalogue.getCount() + 1 };
    await this.commit(() => void this.catalogue.put(spec.topic, entry));
    return this.loadTopic(entry);
  }

  /** Records of [from, to), at most so many, and no more once `maxBytes` are reached. */
  read(partition: Partition, from: number, to: number, maxRecords: number, maxBytes: number): LogRecord[] {
    const found: LogRecord[] = [];
    let bytes = 0;
    for (const { key, value } of this.range(partition, from, to, maxRecords)) {
      found.push(decodeRecord(partition.topic, partition.partition, key, value));
      bytes += value.length;
      if (bytes >= maxBytes) break;
    }
    return found;
  }

  /** Values are copies: they stay valid after the read transaction. */
  *range(
    partition: Partition,
    from: number,
    to: number,
    limit: number,
  ): Iterable<{ readonly key: number; readonly value: Buffer }> {
    const start: RecordKey = [partition.id, from];
    const end: RecordKey = [partition.id, to];
    for (const { key, value } of this.records.getRange({ start, end, limit })) yield { key: key as number, value };
  }

  /** To be called inside `commit`. */
  putBounds(partition: Partition, bounds: StoredBounds): void {
    void this.bounds.put(partition.id, bounds);
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  /** As it is now; null if there is none. */
  loadPartitionOf(topic: string, partition: number): Partition | null {
    const entry = this.catalogue.get(topic);
    if (entry === undefined || partition < 0 || partition >= entry.partitions) return null;
    return this.loadPartition(entry, entry.number, partition);
  }

  private loadTopic(entry: CatalogueEntry): Topic {
    const { number, ...spec } = entry;
    const partitions = Array.from({ length: spec.partitions }, (_, index) => this.loadPartition(spec, number, index));
    return { spec, partitions };
  }

  private loadPartition(spec: TopicSpec, topicNumber: number, index: number): Partition {
    const id = partitionId(topicNumber, index);
    const stored = this.bounds.get(id) ?? { earliest: 0, end: 0 };
    const beyond: RecordKey = [id, maxOffset];
    const first: RecordKey = [id, 0];
    const [last] = this.records.getRange({ start: beyond, end: first, inclusiveEnd: true, reverse: true, limit: 1 });
    return new Partition(spec.topic, index, id, {
      earliest: stored.earliest,
      end: Math.max(stored.end, last === undefined ? 0 : (last.key as number) + 1),
      maxTimestampMs: last === undefined ? 0 : maxSoFarOf(last.value),
    });
  }
}

/** lmdb gives the reason of a failed commit as a second, rejected promise; nobody else awaits it. */
async function describe(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return String(error);
  if (!('commitError' in error)) return error.message;
  try {
    return String(await error.commitError);
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  }
}
