/** A log in memory that anybody may tamper with: an array of records for each partition. */
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import type { Append, Log, LogRecord, ReadOptions } from '../log/log.ts';
import { partitionOf } from '../log/partitioner.ts';
import { topics } from '../log/topics.ts';

export const codec = new EventCodec(new EmbeddedSchemas());
export const sealedTopic = topics.messages;
export const partitions = 3;

export class PlainLog implements Pick<Log, 'append' | 'read' | 'bounds' | 'partitionCount'> {
  readonly #records = new Map<string, LogRecord[]>();

  recordsOf(topic: string, partition: number): LogRecord[] {
    const name = `${topic}/${partition}`;
    const list = this.#records.get(name) ?? [];
    this.#records.set(name, list);
    return list;
  }

  put(partition: number, offset: number, value: string, more: Partial<LogRecord> = {}): void {
    const record = { topic: sealedTopic, partition, offset, timestampMs: 1_000 + offset };
    this.recordsOf(sealedTopic, partition).push({
      ...record,
      key: Buffer.from(`key ${offset % 5}`),
      value: Buffer.from(value),
      ...more,
    });
  }

  append(one: Append): void {
    const partition = partitionOf(one.partitionKey ?? one.key, partitions);
    const list = this.recordsOf(one.topic, partition);
    const offset = (list.at(-1)?.offset ?? -1) + 1;
    const { topic, value, timestampMs } = one;
    list.push({ topic, partition, offset, timestampMs, key: Buffer.from(one.key), value });
    queueMicrotask(() => one.appended(partition, offset));
  }

  async *read({ topic, partition, from, toOffset, maxBatchRecords = 7 }: ReadOptions) {
    const start = 'offset' in from ? from.offset : 0;
    const list = this.recordsOf(topic, partition).filter(
      ({ offset }) => offset >= start && offset < (toOffset ?? Number.POSITIVE_INFINITY),
    );
    for (let at = 0; at < list.length; at += maxBatchRecords) yield list.slice(at, at + maxBatchRecords);
  }

  bounds(topic: string, partition: number): Promise<{ earliest: number; end: number }> {
    const list = this.recordsOf(topic, partition);
    return Promise.resolve({ earliest: list[0]?.offset ?? 0, end: (list.at(-1)?.offset ?? -1) + 1 });
  }

  partitionCount(): Promise<number> {
    return Promise.resolve(partitions);
  }
}
