/**
 * The LMDB environment of the embedded log: the topics' catalogue, the records, and the commits that make them durable.
 *
 * Commits are LMDB's own synced ones (`overlappingSync` off): a commit's promise resolves after the data and then the page that
 * names it were flushed, so what has resolved survives a crash of the machine, and nothing is visible before. Every commit is
 * conditional on the epoch that this process wrote when it opened the folder. A process that opens it later takes the log over,
 * and the commits of the earlier one are refused, instead of both giving the same offsets to different records.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { open } from 'lmdb';
import { Partition } from './partition.js';
import { decodeRecord, maxOffset, maxSoFarOf, partitionId, recordKeyEncoder } from './record-format.js';

const ownerKey = 'owner';
/** Address space to begin with, not disk or memory: while it suffices the file is mapped once. LMDB takes more when it needs it. */
const mapBytes = 256 * 2 ** 30;
export class Storage {
  root;
  owner;
  catalogue;
  bounds;
  records;
  /** Of compacted topics: partition id and record key → the offset that is the key's latest below the clean point. */
  latest;
  /** Partition id → the offset up to which `latest` is right. */
  cleaned;
  epoch;
  constructor(path) {
    // A batch of lmdb's own per turn of the event loop would reject a promise that nobody can have when a commit fails.
    this.root = open({ path, mapSize: mapBytes, maxDbs: 8, overlappingSync: false, eventTurnBatching: false });
    this.owner = this.root.openDB('owner', { useVersions: true, encoding: 'string' });
    this.catalogue = this.root.openDB('catalogue', { encoding: 'json' });
    this.bounds = this.root.openDB('bounds', { encoding: 'json', keyEncoding: 'uint32' });
    this.latest = this.root.openDB('latest', { encoding: 'json', keyEncoding: 'binary' });
    this.cleaned = this.root.openDB('cleaned', { encoding: 'json', keyEncoding: 'uint32' });
    this.records = this.root.openDB({ name: 'records', encoding: 'binary', ...{ keyEncoder: recordKeyEncoder } });
    this.epoch = this.root.transactionSync(() => {
      const epoch = (this.owner.getEntry(ownerKey)?.version ?? 0) + 1;
      this.owner.put(ownerKey, 'writer', epoch);
      return epoch;
    });
  }
  /** Runs `write`, which puts and removes, and resolves when all of it is durable. */
  async commit(write) {
    let done;
    try {
      done = await this.owner.ifVersion(ownerKey, this.epoch, write);
    } catch (error) {
      throw new ParleyError('log_unavailable', { detail: await describe(error), cause: error });
    }
    if (!done) throw new ParleyError('log_unavailable', { detail: 'another process has opened the log' });
  }
  loadTopics() {
    return [...this.catalogue.getRange()].map(({ value }) => this.loadTopic(value));
  }
  /** Makes a topic, or changes how long an existing one keeps its records. */
  async storeTopic(spec) {
    const known = this.catalogue.get(spec.topic);
    const entry = { ...spec, number: known?.number ?? this.catalogue.getCount() + 1 };
    await this.commit(() => void this.catalogue.put(spec.topic, entry));
    return this.loadTopic(entry);
  }
  /** Records of [from, to), at most so many, and no more once `maxBytes` are reached. */
  read(partition, from, to, maxRecords, maxBytes) {
    const found = [];
    let bytes = 0;
    for (const { key, value } of this.range(partition, from, to, maxRecords)) {
      found.push(decodeRecord(partition.topic, partition.partition, key, value));
      bytes += value.length;
      if (bytes >= maxBytes) break;
    }
    return found;
  }
  /** Values are copies: they stay valid after the read transaction. */
  *range(partition, from, to, limit) {
    const start = [partition.id, from];
    const end = [partition.id, to];
    for (const { key, value } of this.records.getRange({ start, end, limit })) yield { key: key, value };
  }
  /** To be called inside `commit`. */
  putBounds(partition, bounds) {
    void this.bounds.put(partition.id, bounds);
  }
  async close() {
    await this.root.close();
  }
  loadTopic(entry) {
    const { number, ...spec } = entry;
    const partitions = Array.from({ length: spec.partitions }, (_, index) => this.loadPartition(spec, number, index));
    return { spec, partitions };
  }
  loadPartition(spec, topicNumber, index) {
    const id = partitionId(topicNumber, index);
    const stored = this.bounds.get(id) ?? { earliest: 0, end: 0 };
    const beyond = [id, maxOffset];
    const first = [id, 0];
    const [last] = this.records.getRange({ start: beyond, end: first, inclusiveEnd: true, reverse: true, limit: 1 });
    return new Partition(spec.topic, index, id, {
      earliest: stored.earliest,
      end: Math.max(stored.end, last === undefined ? 0 : last.key + 1),
      maxTimestampMs: last === undefined ? 0 : maxSoFarOf(last.value),
    });
  }
}
/** lmdb gives the reason of a failed commit as a second, rejected promise; nobody else awaits it. */
async function describe(error) {
  if (!(error instanceof Error)) return String(error);
  if (!('commitError' in error)) return error.message;
  try {
    return String(await error.commitError);
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  }
}
//# sourceMappingURL=storage.js.map
