/** Which changes of a schema are compatible: put to our own check and to a real registry, which must agree. */
import { describe, expect, it } from 'vitest';
import type { Compatibility } from './compatibility.ts';

/** Says whether the second schema may follow the first. */
export type Judge = (before: unknown, after: unknown, compatibility: Compatibility) => Promise<boolean>;

interface Field {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
}

const colour = {
  type: 'enum',
  name: 'Colour',
  namespace: 'parley.types',
  symbols: ['red', 'green', 'blue'],
  default: 'red',
};
const size = { type: 'enum', name: 'Size', namespace: 'parley.types', symbols: ['small', 'large'] };
const point = {
  type: 'record',
  name: 'Point',
  namespace: 'parley.types',
  fields: [
    { name: 'x', type: 'int' },
    { name: 'label', type: ['null', 'string'], default: null },
  ],
};

const fields: Readonly<Record<string, Field>> = {
  id: { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
  count: { name: 'count', type: 'int' },
  time: { name: 'time', type: 'long', default: 0 },
  note: { name: 'note', type: ['null', 'string'], default: null },
  body: { name: 'body', type: 'bytes' },
  colour: { name: 'colour', type: colour },
  size: { name: 'size', type: size },
  point: { name: 'point', type: point },
  tags: { name: 'tags', type: { type: 'array', items: 'string' } },
};

const schemaOf = (some: readonly Field[], name = 'Sample'): Record<string, unknown> => ({
  type: 'record',
  name,
  namespace: 'parley.events',
  fields: some,
});
const all = Object.values(fields);
const without = (name: string): Field[] => all.filter((field) => field.name !== name);
const replaced = (name: string, by: Field): Field[] => all.map((field) => (field.name === name ? by : field));
const retyped = (name: string, type: unknown): Field[] => replaced(name, { ...fields[name]!, type });

/** What is changed, the schema after it, and under which compatibilities it may be made. */
const changes: ReadonlyArray<readonly [string, Record<string, unknown>, { backward: boolean; full: boolean }]> = [
  ['nothing', schemaOf(all), { backward: true, full: true }],
  [
    'a field with a default is added',
    schemaOf([...all, { name: 'new', type: ['null', 'long'], default: null }]),
    { backward: true, full: true },
  ],
  [
    'a field without a default is added',
    schemaOf([...all, { name: 'new', type: 'long' }]),
    { backward: false, full: false },
  ],
  ['a field with a default is removed', schemaOf(without('note')), { backward: true, full: true }],
  ['a field without a default is removed', schemaOf(without('id')), { backward: true, full: false }],
  ['fields are put in another order', schemaOf([...all].reverse()), { backward: true, full: true }],
  ['a field is renamed', schemaOf(replaced('id', { ...fields['id']!, name: 'key' })), { backward: false, full: false }],
  [
    'a field is renamed and keeps its old name as an alias',
    schemaOf(replaced('id', { ...fields['id']!, name: 'key', aliases: ['id'] })),
    { backward: true, full: false },
  ],
  ['the record is renamed', schemaOf(all, 'Renamed'), { backward: false, full: false }],
  ['text becomes a number', schemaOf(retyped('id', 'long')), { backward: false, full: false }],
  ['an int becomes a long', schemaOf(retyped('count', 'long')), { backward: true, full: false }],
  ['a long becomes an int', schemaOf(retyped('time', 'int')), { backward: false, full: false }],
  ['a field becomes nullable', schemaOf(retyped('count', ['null', 'int'])), { backward: true, full: false }],
  [
    'a field is nullable no longer',
    schemaOf(replaced('note', { name: 'note', type: 'string' })),
    { backward: false, full: false },
  ],
  ['bytes become text', schemaOf(retyped('body', 'string')), { backward: true, full: true }],
  [
    'the default of a field goes',
    schemaOf(replaced('time', { name: 'time', type: 'long' })),
    { backward: true, full: true },
  ],
  [
    'a symbol is added to an enum with a default',
    schemaOf(retyped('colour', { ...colour, symbols: [...colour.symbols, 'white'] })),
    { backward: true, full: true },
  ],
  [
    'a symbol is removed from an enum with a default',
    schemaOf(retyped('colour', { ...colour, symbols: ['red', 'green'] })),
    { backward: true, full: true },
  ],
  [
    'a symbol is added to an enum without a default',
    schemaOf(retyped('size', { ...size, symbols: [...size.symbols, 'huge'] })),
    { backward: true, full: false },
  ],
  [
    'a symbol is removed from an enum without a default',
    schemaOf(retyped('size', { ...size, symbols: ['small'] })),
    { backward: false, full: false },
  ],
  ['an enum is renamed', schemaOf(retyped('colour', { ...colour, name: 'Color' })), { backward: false, full: false }],
  [
    'a field without a default is added to a nested record',
    schemaOf(retyped('point', { ...point, fields: [...point.fields, { name: 'y', type: 'int' }] })),
    { backward: false, full: false },
  ],
  [
    'a field without a default is removed from a nested record',
    schemaOf(retyped('point', { ...point, fields: point.fields.slice(1) })),
    { backward: true, full: false },
  ],
  [
    'the items of an array change',
    schemaOf(retyped('tags', { type: 'array', items: 'int' })),
    { backward: false, full: false },
  ],
];

export function compatibilityContract(name: string, judge: Judge): void {
  describe(`compatibility as ${name} judges it`, () => {
    it.each(changes)('%s', async (_what, after, { backward, full }) => {
      expect(await judge(schemaOf(all), after, 'BACKWARD_TRANSITIVE')).toBe(backward);
      expect(await judge(schemaOf(all), after, 'FULL_TRANSITIVE')).toBe(full);
    });
  });
}
