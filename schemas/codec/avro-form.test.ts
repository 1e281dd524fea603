import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type FrameName, frameSchemas } from '../generated/wire.ts';
import { arbitraryOf } from './frame.arbitrary.ts';
import { frameType } from './frame-type.browser.ts';
import { frameType as avscType } from './frame-type.ts';
import { parseSchema, type RecordNode } from './schema-node.ts';

// Thousands of random inputs take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const names = Object.keys(frameSchemas) as FrameName[];

function both(schema: unknown) {
  const node = parseSchema(schema) as RecordNode;
  return { node, portable: frameType(schema, node), avsc: avscType(schema, node) };
}

describe('the Avro form without generated code', () => {
  it('writes the bytes that avsc writes, and reads what avsc wrote, for every frame', () => {
    for (const name of names) {
      const { node, portable, avsc } = both(frameSchemas[name]);
      fc.assert(
        fc.property(arbitraryOf(node), (record) => {
          const bytes = avsc.toBuffer(record);
          expect(portable.toBuffer(record).equals(bytes)).toBe(true);
          expect(portable.fromBuffer(bytes)).toEqual({ ...(avsc.fromBuffer(bytes) as object) });
        }),
        { numRuns: 60 },
      );
    }
  });

  it('keeps a byte order mark at the start of a text', () => {
    const { portable } = both({ type: 'record', name: 'T', fields: [{ name: 'a', type: 'string' }] });
    expect(portable.fromBuffer(portable.toBuffer({ a: '\uFEFFa' }))).toEqual({ a: '\uFEFFa' });
  });

  it('shares no memory with the bytes that it reads', () => {
    const { portable } = both({ type: 'record', name: 'T', fields: [{ name: 'a', type: 'bytes' }] });
    const bytes = portable.toBuffer({ a: Buffer.from([7]) });
    const { a } = portable.fromBuffer(bytes) as { a: Buffer };
    bytes.fill(0);
    expect(a).toEqual(Buffer.from([7]));
  });

  it('reads arrays in blocks with their size', () => {
    const schema = { type: 'record', name: 'T', fields: [{ name: 'a', type: { type: 'array', items: 'int' } }] };
    // -2 items in 2 bytes, then one more block of one item, then the end.
    expect(both(schema).portable.fromBuffer(Buffer.from([3, 4, 2, 4, 2, 6, 0]))).toEqual({ a: [1, 2, 3] });
  });

  it('refuses a record that does not fit its schema', () => {
    const type = (of: unknown) => both({ type: 'record', name: 'T', fields: [{ name: 'a', type: of }] }).portable;
    expect(() => type('string').toBuffer({ a: 1 })).toThrow('text');
    expect(() => type('bytes').toBuffer({ a: 'x' })).toThrow('bytes');
    expect(() => type('long').toBuffer({ a: 0.5 })).toThrow('long');
    expect(() => type({ type: 'enum', name: 'E', symbols: ['x'] }).toBuffer({ a: 'y' })).toThrow('symbol');
    expect(() => type('string').toBuffer({})).toThrow('text');
  });
});
