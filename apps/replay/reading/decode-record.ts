/** A record of any topic as an event, or as what it is where nobody can read it. */
import type { Event, EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { committedSchemas } from '@parley/schemas/history/committed';
import type { LogRecord } from '@parley/streams/log/log';

export interface DecodedRecord {
  readonly record: LogRecord;
  /** Null where there is no value, or none that can be read. */
  readonly event: Event | null;
  readonly schemaId: number | null;
  readonly subject: string | null;
  /** Why it can't be read. */
  readonly error: string | null;
}

const subjects = new Map(committedSchemas.map(({ event, subject }) => [event, subject]));
const headerBytes = 5;

/** @throws ParleyError `unavailable`, `schema_unknown`: another build, or a later try, can read it */
export async function decodeRecord(codec: EventCodec, record: LogRecord): Promise<DecodedRecord> {
  const { value } = record;
  if (value === null) return { record, event: null, schemaId: null, subject: null, error: null };
  const schemaId = value.length >= headerBytes && value[0] === 0 ? value.readUInt32BE(1) : null;
  if (codec.needsLookup(value)) await codec.prepare(value);
  try {
    const event = codec.decode(value);
    return { record, event, schemaId, subject: subjects.get(event.name) ?? null, error: null };
  } catch (error) {
    if (!(error instanceof ParleyError) || !error.code.startsWith('poison_')) throw error;
    return { record, event: null, schemaId, subject: null, error: error.code };
  }
}
