/** What tests of processors stand on: records, a log that holds appends, and a router that remembers. */
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { EventName, EventTypes } from '@parley/schemas/generated/events';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import type { DeliveryItem, GatewayLink, SessionEntry, Unreached } from '../delivery/delivery.ts';
import type { Append, Log, LogRecord, ReadOptions, RecordBatch } from '../log/log.ts';
import type { PoisonSink } from './decode-batch.ts';

export const codec = new EventCodec(new EmbeddedSchemas());

export function record(topic: string, value: Buffer | null, offset: number, timestampMs = 0): LogRecord {
  return { topic, partition: 0, offset, timestampMs, key: Buffer.from('key'), value };
}

export function batchOf(records: readonly LogRecord[], isCurrent = () => true): RecordBatch {
  const { topic, partition } = records[0]!;
  const endOffset = records.at(-1)!.offset + 1;
  return { topic, partition, generation: 1, records, endOffset, isCurrent, heartbeat: () => Promise.resolve() };
}

export class MemoryPoison implements PoisonSink {
  readonly buried: { readonly record: LogRecord; readonly error: ParleyError }[] = [];

  bury(one: LogRecord, error: ParleyError): Promise<void> {
    this.buried.push({ record: one, error });
    return Promise.resolve();
  }
}

/** Appends and reads of one partition for each topic; nothing of groups but a committed offset. */
export class MemoryLog implements Pick<Log, 'append' | 'read' | 'committed' | 'bounds'> {
  readonly records = new Map<string, LogRecord[]>();
  readonly offsets = new Map<string, number>();
  failWith: ParleyError | null = null;

  append(one: Append): void {
    if (this.failWith !== null) {
      one.failed(this.failWith);
      return;
    }
    const list = this.#listOf(one.topic);
    const offset = list.length;
    const key = Buffer.from(one.key);
    list.push({ topic: one.topic, partition: 0, offset, timestampMs: one.timestampMs, key, value: one.value });
    one.appended(0, offset);
  }

  #listOf(topic: string): LogRecord[] {
    const list = this.records.get(topic) ?? [];
    this.records.set(topic, list);
    return list;
  }

  eventsOf<N extends EventName>(topic: string, name: N): EventTypes[N][] {
    return this.#listOf(topic).flatMap(({ value }) => {
      const decoded = codec.decode(value);
      return decoded.name === name ? [decoded.event as EventTypes[N]] : [];
    });
  }

  async *read({ topic, partition, from, toOffset }: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    if (partition !== 0) return;
    const start = 'offset' in from ? from.offset : 0;
    const records = this.#listOf(topic).slice(start, toOffset);
    if (records.length > 0) yield records;
  }

  committed(_group: string, topic: string, partition: number): Promise<number | null> {
    return Promise.resolve(partition === 0 ? (this.offsets.get(topic) ?? null) : null);
  }

  bounds(topic: string): Promise<{ earliest: number; end: number }> {
    return Promise.resolve({ earliest: 0, end: this.#listOf(topic).length });
  }
}

/** Gateways that take everything; sessions as given. */
export class MemoryGateways implements GatewayLink {
  readonly delivered: { readonly gatewayId: string; readonly items: readonly DeliveryItem[] }[] = [];
  readonly sessions: SessionEntry[] = [];

  deliver(gatewayId: string, items: readonly DeliveryItem[]): Promise<Unreached[]> {
    this.delivered.push({ gatewayId, items });
    return Promise.resolve([]);
  }

  lookup(userIds: readonly string[]): Promise<SessionEntry[][]> {
    return Promise.resolve(userIds.map((userId) => this.sessions.filter((one) => one.userId === userId)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
