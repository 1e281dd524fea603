/**
 * A topic's records as typed columns: where a record stands, and one column for each field of the events that the topic holds.
 *
 * Events of one topic share columns of the same name; a field that an event does not have is null. What is no single value (an array, a
 * record) is JSON, as the JSON lines have it. A record that nobody can read has its bytes in `raw`.
 */
import { type EventName, eventSchemas } from '@parley/schemas/generated/events';
import { topics } from '@parley/streams/log/topics';
import type { DecodedRecord } from '../reading/decode-record.ts';
import { jsonValue } from './json-lines.ts';

export type ColumnType = 'STRING' | 'INT32' | 'INT64' | 'BOOLEAN' | 'BYTE_ARRAY' | 'TIMESTAMP' | 'JSON';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  read(decoded: DecodedRecord): unknown;
}

const elsewhere: Readonly<Record<string, readonly EventName[]>> = {
  [topics.receipts]: ['receipt_advanced', 'personal_mark_set'],
  [topics.presence]: ['presence_changed'],
  [topics.pushJobs]: ['push_job'],
  [topics.deadLetters]: ['dead_letter'],
  [topics.audit]: ['audit_checkpoint'],
};

/** What a conversation is made of is whatever lies in no other topic. */
const eventsOf: Readonly<Record<string, readonly EventName[]>> = {
  ...elsewhere,
  [topics.messages]: (Object.keys(eventSchemas) as EventName[]).filter(
    (name) => !Object.values(elsewhere).some((names) => names.includes(name)),
  ),
};

const required = (name: string, type: ColumnType, read: Column['read']): Column => {
  return { name, type, nullable: false, read };
};
const nullable = (name: string, type: ColumnType, read: Column['read']): Column => {
  return { name, type, nullable: true, read };
};

const place: readonly Column[] = [
  required('topic', 'STRING', ({ record }) => record.topic),
  required('partition', 'INT32', ({ record }) => record.partition),
  required('offset', 'INT64', ({ record }) => BigInt(record.offset)),
  required('timestamp', 'TIMESTAMP', ({ record }) => new Date(record.timestampMs)),
  nullable('key', 'STRING', ({ record }) => record.key?.toString('utf8') ?? null),
  nullable('schema_id', 'INT32', ({ schemaId }) => schemaId),
  nullable('subject', 'STRING', ({ subject }) => subject),
  nullable('error', 'STRING', ({ error }) => error),
  nullable('raw', 'BYTE_ARRAY', ({ record, error }) => (error === null ? null : record.value)),
];
const placeNames = new Set(place.map(({ name }) => name));

type Avro = string | readonly Avro[] | { readonly type: Avro; readonly [key: string]: unknown };

const primitives: Readonly<Record<string, ColumnType>> = {
  string: 'STRING',
  enum: 'STRING',
  int: 'INT32',
  long: 'INT64',
  boolean: 'BOOLEAN',
  bytes: 'BYTE_ARRAY',
};

/** A named type that was defined before is an enum or a record; only its users know, so `named` remembers. */
function typeOf(schema: Avro, named: Map<string, ColumnType>): ColumnType {
  if (typeof schema === 'string') return primitives[schema] ?? named.get(schema.split('.').at(-1)!) ?? 'JSON';
  if (Array.isArray(schema)) {
    const branches = (schema as readonly Avro[]).filter((branch) => branch !== 'null');
    return branches.length === 1 ? typeOf(branches[0]!, named) : 'JSON';
  }
  const { type, name } = schema as { readonly type: Avro; readonly name?: string };
  const found = typeof type === 'string' ? (primitives[type] ?? 'JSON') : typeOf(type, named);
  if (name !== undefined) named.set(name, found);
  return found;
}

function fieldColumns(events: readonly EventName[]): Column[] {
  const types = new Map<string, ColumnType>();
  const named = new Map<string, ColumnType>();
  for (const event of events) {
    const { fields } = eventSchemas[event] as unknown as { fields: readonly { name: string; type: Avro }[] };
    for (const { name, type } of fields) {
      const found = typeOf(type, named);
      types.set(name, (types.get(name) ?? found) === found ? found : 'JSON');
    }
  }
  return [...types].map(([field, type]) => {
    // A dead letter says where another record stood; its own place has the plain names.
    const name = placeNames.has(field) ? `event_${field}` : field;
    return nullable(name, type, ({ event }) => convert(fieldOf(event, field), type));
  });
}

function fieldOf(event: DecodedRecord['event'], field: string): unknown {
  return event === null ? null : (event.event as unknown as Readonly<Record<string, unknown>>)[field];
}

function convert(value: unknown, type: ColumnType): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'INT64') return BigInt(value as number);
  return type === 'JSON' ? jsonValue(value) : value;
}

/** Of a topic that Parley does not know: where each record stands, and its bytes. */
export function columnsOf(topic: string): readonly Column[] {
  return [...place, ...fieldColumns(eventsOf[topic] ?? [])];
}
