/**
 * Events as bytes in the Confluent wire format: a zero byte, the schema's id in 4 bytes, the Avro body
 * (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format).
 *
 * Which id means which schema comes from a registry in a cluster and from the committed history when embedded; the codec only
 * knows the table. Whether a record is poison is decided from its bytes and that history alone (design rule 7).
 */
import avro, { type Resolver, type Type } from 'avsc';
import { ParleyError } from '../errors/parley-error.ts';
import { type EventName, type EventTypes, eventSchemas } from '../generated/events.ts';
import { compileAvroCheck } from './avro-check.ts';
import { parseSchema } from './schema-node.ts';

/** One schema of the committed history and the id under which records name it. */
export interface KnownSchema {
  readonly id: number;
  readonly event: EventName;
  /** The writer's schema, as committed. */
  readonly schema: unknown;
  /** True for the version that this build writes. */
  readonly current: boolean;
}

/** Looks up an id that is not in the table: another process may have registered it since. */
export interface SchemaResolver {
  /** The table at start: every schema of the committed history. */
  known(): readonly KnownSchema[];
  /**
   * Null: the registry answered that no committed schema has this id, so the record is poison.
   * @throws ParleyError `unavailable` if the registry does not answer, `schema_unknown` if it knows a schema that this build does not
   */
  resolve(id: number): Promise<KnownSchema | null>;
}

export type Event = { [N in EventName]: { readonly name: N; readonly event: EventTypes[N] } }[EventName];

const headerBytes = 5;

interface Reader {
  readonly event: EventName;
  /** Of the writer's schema: what avsc itself would take too kindly. */
  readonly check: (bytes: Uint8Array, from: number) => string | null;
  readonly type: Type;
  readonly resolver: Resolver | undefined;
}

export class EventCodec {
  readonly #types = new Map<EventName, Type>();
  readonly #writerIds = new Map<EventName, number>();
  readonly #readers = new Map<number, Reader>();
  readonly #resolver: SchemaResolver;

  constructor(resolver: SchemaResolver) {
    this.#resolver = resolver;
    for (const name of Object.keys(eventSchemas) as EventName[]) {
      this.#types.set(name, avro.Type.forSchema(eventSchemas[name] as unknown as avro.Schema));
    }
    for (const known of resolver.known()) this.#learn(known);
  }

  #learn(known: KnownSchema): void {
    const type = this.#types.get(known.event)!;
    const check = compileAvroCheck(parseSchema(known.schema));
    if (known.current) this.#writerIds.set(known.event, known.id);
    const resolver = known.current ? undefined : type.createResolver(avro.Type.forSchema(known.schema as avro.Schema));
    this.#readers.set(known.id, { event: known.event, check, type, resolver });
  }

  encode<N extends EventName>(name: N, event: EventTypes[N]): Buffer {
    const id = this.#writerIds.get(name);
    if (id === undefined) throw new ParleyError('schema_unknown', { detail: name });
    const body = this.#types.get(name)!.toBuffer(event);
    const bytes = Buffer.allocUnsafe(headerBytes + body.length);
    bytes[0] = 0;
    bytes.writeUInt32BE(id, 1);
    body.copy(bytes, headerBytes);
    return bytes;
  }

  /** True if decode would need a look-up first; then await `prepare`. Saves a promise per record. */
  needsLookup(value: Buffer | null): boolean {
    return value !== null && value.length >= headerBytes && value[0] === 0 && !this.#readers.has(value.readUInt32BE(1));
  }

  /** Looks the record's schema up, if need be. @throws ParleyError `unavailable`, `schema_unknown`: stop and retry, never skip */
  async prepare(value: Buffer | null): Promise<void> {
    if (!this.needsLookup(value)) return;
    const known = await this.#resolver.resolve(value!.readUInt32BE(1));
    if (known !== null) this.#learn(known);
  }

  /** @throws ParleyError `poison_format`, `poison_schema`, `poison_payload`: nobody can ever process the record */
  decode(value: Buffer | null): Event {
    if (value === null || value.length < headerBytes || value[0] !== 0) throw new ParleyError('poison_format');
    const reader = this.#readers.get(value.readUInt32BE(1));
    if (reader === undefined) throw new ParleyError('poison_schema', { detail: `id ${value.readUInt32BE(1)}` });
    const fault = reader.check(value, headerBytes);
    if (fault !== null) throw new ParleyError('poison_payload', { detail: `${reader.event}: ${fault}` });
    const event = reader.type.fromBuffer(value.subarray(headerBytes), reader.resolver);
    return { name: reader.event, event } as Event;
  }
}
