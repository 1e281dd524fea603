/**
 * The log outside of all processes: topics, partitions, and the offsets of groups. What it has acknowledged it keeps.
 *
 * Offsets may leave gaps, as Kafka's do. A record whose timestamp lies too far ahead of the broker's clock is refused.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { defaultLogLimits } from '@parley/streams/log/limits';
import type { Append, LogRecord, TopicSpec } from '@parley/streams/log/log';
import { partitionOf } from '@parley/streams/log/partitioner';
import { checkPartitionCount } from '@parley/streams/log/topic-mismatch';
import type { SeededRandom } from '../environment/seeded-random.ts';

export class BrokerPartition {
  readonly topic: string;
  readonly partition: number;
  readonly records: LogRecord[] = [];
  readonly watchers = new Set<() => void>();
  end = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** From an offset on, at most so many. */
  read(fromOffset: number, limit: number, toOffset = Number.POSITIVE_INFINITY): LogRecord[] {
    const first = this.#indexOf(fromOffset);
    const last = Math.min(first + limit, Number.isFinite(toOffset) ? this.#indexOf(toOffset) : this.records.length);
    return this.records.slice(first, last);
  }

  firstAt(timeMs: number): number {
    return this.records.find(({ timestampMs }) => timestampMs >= timeMs)?.offset ?? this.end;
  }

  #indexOf(offset: number): number {
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Of each key only the newest record stays, but for the last few, which are not looked at yet. */
  compact(untouched: number): void {
    const newest = new Map<string, LogRecord>();
    for (const record of this.records) newest.set(String(record.key), record);
    const young = this.records.length - untouched;
    const kept = this.records.filter((record, index) => index >= young || newest.get(String(record.key)) === record);
    this.records.splice(0, this.records.length, ...kept);
  }
}

export interface BrokerTopic {
  readonly spec: TopicSpec;
  readonly partitions: readonly BrokerPartition[];
}

/** Told of every record that the log holds from now on. */
export type RecordObserver = (record: LogRecord) => void;

export class Broker {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #observe: RecordObserver;
  readonly topics = new Map<string, BrokerTopic>();
  /** Topics whose partitions nobody leads for now: they take no record. */
  readonly leaderless = new Set<string>();
  /** Of a record to leave a gap before it. */
  gaps = 0;

  constructor(clock: Clock, random: SeededRandom, observe: RecordObserver) {
    this.#clock = clock;
    this.#random = random;
    this.#observe = observe;
  }

  ensureTopics(specs: readonly TopicSpec[]): void {
    for (const spec of specs) {
      const known = this.topics.get(spec.topic);
      if (known !== undefined) {
        checkPartitionCount(spec, known.partitions.length);
        continue;
      }
      const numbers = Array.from({ length: spec.partitions }, (_, index) => index);
      const partitions = numbers.map((partition) => new BrokerPartition(spec.topic, partition));
      this.topics.set(spec.topic, { spec, partitions });
    }
  }

  topic(name: string): BrokerTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new ParleyError('not_found', { detail: `no topic ${name}` });
    return topic;
  }

  partition(topic: string, partition: number): BrokerPartition {
    const found = this.topic(topic).partitions[partition];
    if (found === undefined) throw new ParleyError('not_found', { detail: `no partition ${topic}/${partition}` });
    return found;
  }

  partitionFor({ topic, key, partitionKey }: Append): BrokerPartition {
    const { partitions } = this.topic(topic);
    return partitions[partitionOf(partitionKey ?? key, partitions.length)]!;
  }

  /** @throws ParleyError `log_unavailable`: nothing sent to the partition now is appended */
  requireLeader({ topic }: BrokerPartition): void {
    if (this.leaderless.has(topic)) throw new ParleyError('log_unavailable', { detail: `${topic} has no leader` });
  }

  /** The offset, or why it was refused. */
  append(partition: BrokerPartition, { key, value, timestampMs }: Append): number | ParleyError {
    const aheadMs = timestampMs - this.#clock.nowMs();
    if (aheadMs > defaultLogLimits.maxTimestampAheadMs) {
      return new ParleyError('timestamp_ahead', { detail: `by ${aheadMs} ms` });
    }
    const offset = partition.end + (this.#random.chance(this.gaps) ? this.#random.between(1, 3) : 0);
    const { topic } = partition;
    const record = { topic, partition: partition.partition, offset, timestampMs, key: Buffer.from(key), value };
    partition.records.push(record);
    partition.end = offset + 1;
    this.#observe(record);
    for (const watcher of [...partition.watchers]) watcher();
    return offset;
  }
}
