/** A record as one line of JSON: where it stands, and its event with bytes in base64. */
import type { DecodedRecord } from '../reading/decode-record.ts';

/** Avro's values as JSON's; a record keeps its fields, bytes become base64. */
export function jsonValue(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonValue(member)]));
}

export function jsonLine({ record, event, schemaId, subject, error }: DecodedRecord): string {
  const { topic, partition, offset, timestampMs, key, value } = record;
  return JSON.stringify({
    ...{ topic, partition, offset, timestamp_ms: timestampMs, timestamp: new Date(timestampMs).toISOString() },
    ...{ key: key?.toString('utf8') ?? null, schema_id: schemaId, subject },
    value: event === null ? null : jsonValue(event.event),
    // What nobody can read is handed over as it is.
    ...(error === null ? {} : { error, raw: value?.toString('base64') ?? null }),
  });
}
