/**
 * Writes a group of appended records as one synced commit, then settles every record of it.
 *
 * The records of a group are encoded one after another into a single buffer, so that LMDB is told one address for all of them, and
 * the keys are written from one reused pair. Offsets are given out before the commit and taken back if it fails; one group is on
 * its way at a time, so nobody else can have taken the next ones. Readers learn of the records only after the commit.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append } from '../log.ts';
import { partitionOf } from '../partitioner.ts';
import type { Partition, Topic } from './partition.ts';
import { encodedLength, encodeRecord, maxKeyBytes, maxTimestampMs, type RecordKey } from './record-format.ts';
import type { Storage } from './storage.ts';

interface Placed {
  readonly record: Append;
  readonly partition: Partition;
  readonly keyBytes: number;
  readonly offset: number;
  readonly maxSoFarMs: number;
}

export class Writer {
  private readonly storage: Storage;
  private readonly topics: ReadonlyMap<string, Topic>;
  private readonly clock: Clock;
  private readonly maxAheadMs: number;
  private healthy = true;

  constructor(storage: Storage, topics: ReadonlyMap<string, Topic>, clock: Clock, maxAheadMs: number) {
    this.storage = storage;
    this.topics = topics;
    this.clock = clock;
    this.maxAheadMs = maxAheadMs;
  }

  /** False after a commit failed or a clock was too far ahead, until the next record is durable. */
  isHealthy(): boolean {
    return this.healthy;
  }

  async write(records: readonly Append[]): Promise<void> {
    const touched = new Set<Partition>();
    const placed = this.place(records, touched);
    if (placed.length === 0) return;
    try {
      await this.storage.commit(() => this.put(placed));
    } catch (error) {
      this.healthy = false;
      for (const partition of touched) partition.groupFailed();
      const failure = error instanceof ParleyError ? error : new ParleyError('log_unavailable', { cause: error });
      for (const { record } of placed) record.failed(failure);
      return;
    }
    this.healthy = true;
    for (const { record, partition, offset } of placed) record.appended(partition.partition, offset);
    for (const partition of touched) partition.groupCommitted();
  }

  private place(records: readonly Append[], touched: Set<Partition>): Placed[] {
    const latestMs = Math.min(this.clock.nowMs() + this.maxAheadMs, maxTimestampMs);
    const placed: Placed[] = [];
    for (const record of records) {
      const keyBytes = Buffer.byteLength(record.key);
      const refusal = this.refusalOf(record, keyBytes, latestMs);
      if (refusal !== null) {
        record.failed(refusal);
        continue;
      }
      const { partitions } = this.topics.get(record.topic)!;
      const partition = partitions[partitionOf(record.partitionKey ?? record.key, partitions.length)]!;
      const offset = partition.reserve(record.timestampMs);
      touched.add(partition);
      placed.push({ record, partition, keyBytes, offset, maxSoFarMs: partition.pendingMaxTimestampMs });
    }
    return placed;
  }

  private refusalOf(record: Append, keyBytes: number, latestMs: number): ParleyError | null {
    if (!this.topics.has(record.topic)) {
      return new ParleyError('log_unavailable', { detail: `no topic ${record.topic}` });
    }
    if (keyBytes > maxKeyBytes) return new ParleyError('record_too_large', { detail: 'the key' });
    if (record.timestampMs <= latestMs) return null;
    this.healthy = false;
    return new ParleyError('timestamp_ahead', { detail: `more than ${this.maxAheadMs} ms` });
  }

  private put(placed: readonly Placed[]): void {
    let length = 0;
    for (const { record, keyBytes } of placed) length += encodedLength(keyBytes, record.value);
    const buffer = Buffer.allocUnsafeSlow(length);
    const key: RecordKey = [0, 0];
    let at = 0;
    for (const { record, partition, keyBytes, offset, maxSoFarMs } of placed) {
      const end = encodeRecord(buffer, at, record, keyBytes, maxSoFarMs);
      key[0] = partition.id;
      key[1] = offset;
      void this.storage.records.put(key, buffer.subarray(at, end));
      at = end;
    }
  }
}
