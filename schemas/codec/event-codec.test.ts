import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ParleyError } from '../errors/parley-error.ts';
import { type EventName, type EventTypes, eventSchemas } from '../generated/events.ts';
import { EmbeddedSchemas } from '../registry/embedded-schemas.ts';
import { type Event, EventCodec, type KnownSchema, type SchemaResolver } from './event-codec.ts';
import { arbitraryOf } from './frame.arbitrary.ts';
import { parseSchema } from './schema-node.ts';
import { untitledGroup } from './untitled-group.fixture.ts';

// Thousands of random inputs take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const names = Object.keys(eventSchemas) as EventName[];
const anyEvent: fc.Arbitrary<Event> = fc
  .constantFrom(...names)
  .chain((name) => arbitraryOf(parseSchema(eventSchemas[name])).map((event) => ({ name, event }) as Event));

const poison = (decode: () => unknown): string => {
  try {
    decode();
    return 'fine';
  } catch (error) {
    if (error instanceof ParleyError) return error.code;
    throw error;
  }
};

const codec = new EventCodec(new EmbeddedSchemas());
const encode = ({ name, event }: Event): Buffer => codec.encode(name, event as EventTypes[typeof name]);

describe('EventCodec', () => {
  it('gives back what was encoded, in the Confluent wire format', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const bytes = encode(event);
        expect(bytes[0]).toBe(0);
        expect(codec.needsLookup(bytes)).toBe(false);
        expect(codec.decode(bytes)).toEqual(event);
      }),
      { numRuns: 300 },
    );
  });

  it('rule 7: is total on random and on damaged bytes', () => {
    const verdicts = ['fine', 'poison_format', 'poison_schema', 'poison_payload'];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(verdicts).toContain(poison(() => codec.decode(Buffer.from(bytes))));
      }),
      { numRuns: 2000 },
    );
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyEvent, damage, fc.nat({ max: 3 }), (event, changes, cut) => {
        const bytes = encode(event);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        expect(verdicts).toContain(poison(() => codec.decode(bytes.subarray(0, bytes.length - cut))));
      }),
      { numRuns: 1500 },
    );
  });

  it('rule 7: tells by the bytes what kind of poison a record is', () => {
    const bytes = codec.encode('presence_changed', {
      user_id: 'u',
      device_id: 'd',
      connection_id: 1,
      gateway_id: 'g',
      status: 'online',
      at_ms: 5,
      swept: false,
    });
    for (const broken of [
      null,
      Buffer.alloc(0),
      Buffer.alloc(4),
      Buffer.concat([Buffer.from([1]), bytes.subarray(1)]),
    ]) {
      expect(poison(() => codec.decode(broken))).toBe('poison_format');
    }
    const unknown = Buffer.from(bytes);
    unknown.writeUInt32BE(4_000_000_000, 1);
    expect(poison(() => codec.decode(unknown))).toBe('poison_schema');
    expect(poison(() => codec.decode(bytes.subarray(0, -1)))).toBe('poison_payload');
    expect(poison(() => codec.decode(Buffer.concat([bytes, Buffer.from([0])])))).toBe('poison_payload');
  });

  it('refuses an array that claims two billion items at once', () => {
    const created = codec.encode('conversation_created', {
      conversation_id: '',
      directory_version: 0,
      created_by: '',
      members: [],
      rules_version: 0,
      ...untitledGroup,
    });
    const claim = Buffer.concat([
      created.subarray(0, 8),
      Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f]),
      created.subarray(8),
    ]);
    expect(poison(() => codec.decode(claim))).toBe('poison_payload');
  });

  it('reads what an older version wrote, and learns an id that it did not know', async () => {
    const { fields, ...rest } = eventSchemas.receipt_advanced;
    const old = { ...rest, fields: fields.filter((field) => field.name !== 'ordinal') };
    const known: KnownSchema[] = [
      { id: 2, event: 'receipt_advanced', schema: eventSchemas.receipt_advanced, current: true },
    ];
    const late: KnownSchema = { id: 1, event: 'receipt_advanced', schema: old, current: false };
    const resolver: SchemaResolver = { known: () => known, resolve: async (id) => (id === 1 ? late : null) };
    const reader = new EventCodec(resolver);
    const event = { conversation_id: 'c', user_id: 'u', device_id: 'd', kind: 'read', seq: 7, at_ms: 9 } as const;
    const written = reader.encode('receipt_advanced', { ...event, ordinal: 0 });
    const byOld = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), written.subarray(5, -2), written.subarray(-1)]);
    expect(reader.needsLookup(byOld)).toBe(true);
    await reader.prepare(byOld);
    expect(reader.needsLookup(byOld)).toBe(false);
    expect(reader.decode(byOld)).toEqual({ name: 'receipt_advanced', event: { ...event, ordinal: 0 } });
    const nobody = Buffer.from([0, 0, 0, 0, 9, 0]);
    await reader.prepare(nobody);
    expect(poison(() => reader.decode(nobody))).toBe('poison_schema');
  });

  it('writes nothing without a schema to name', () => {
    const bare = new EventCodec({ known: () => [], resolve: async () => null });
    expect(poison(() => bare.encode('dead_letter', {} as EventTypes['dead_letter']))).toBe('schema_unknown');
  });
});
