/** A batch's records as events of the kinds that its topic holds; what can never be decoded goes to the dead letters. */
import type { Event, EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { EventName, EventTypes } from '@parley/schemas/generated/events';
import type { LogRecord } from '../log/log.ts';

/** Where poison goes: counted, visible, and kept so that it can be sent again. */
export interface PoisonSink {
  /** Resolves when the record is kept durably. */
  bury(record: LogRecord, error: ParleyError): Promise<void>;
}

const poisonCodes: ReadonlySet<string> = new Set(['poison_format', 'poison_schema', 'poison_payload']);

/**
 * In the order of the records.
 * @throws whatever is not poison (a registry that does not answer, a schema of a later version): the batch is to come again
 */
export async function decodeBatch<N extends EventName>(
  records: readonly LogRecord[],
  name: N,
  codec: EventCodec,
  poison: PoisonSink,
): Promise<EventTypes[N][]> {
  const events = await decodeEvents(records, [name], codec, poison);
  return events.map(({ event }) => event as EventTypes[N]);
}

/** The same, for a topic that holds events of several kinds. */
export async function decodeEvents(
  records: readonly LogRecord[],
  names: readonly EventName[],
  codec: EventCodec,
  poison: PoisonSink,
): Promise<Event[]> {
  const events: Event[] = [];
  for (const record of records) {
    if (codec.needsLookup(record.value)) await codec.prepare(record.value);
    try {
      const decoded = codec.decode(record.value);
      if (!names.includes(decoded.name)) {
        throw new ParleyError('poison_schema', { detail: `${decoded.name} in ${record.topic}` });
      }
      events.push(decoded);
    } catch (error) {
      if (!(error instanceof ParleyError) || !poisonCodes.has(error.code)) throw error;
      await poison.bury(record, error);
    }
  }
  return events;
}
