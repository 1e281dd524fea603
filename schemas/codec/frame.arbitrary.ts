/** Random values of a schema, for property tests of codecs. */
import fc from 'fast-check';
import { maxInt, maxLong, minInt, minLong, type SchemaNode } from './schema-node.ts';

/** Any value that the schema allows: text of every kind, numbers up to the limits, nulls where a union has one. */
export function arbitraryOf(node: SchemaNode): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case 'record':
      return fc.record(Object.fromEntries(node.fields.map((field) => [field.name, arbitraryOf(field.node)])));
    case 'array':
      return fc.array(arbitraryOf(node.items), { maxLength: 5 });
    case 'union':
      return fc.oneof(...node.branches.map(arbitraryOf));
    case 'enum':
      return fc.constantFrom(...node.symbols);
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer({ min: minInt, max: maxInt });
    case 'long':
      return fc.oneof(
        fc.integer({ min: minLong, max: maxLong }),
        fc.constantFrom(0, minLong, maxLong, 2 ** 31, -(2 ** 31) - 1),
      );
    case 'bytes':
      return fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    case 'string':
      return fc.oneof(
        fc.uuid(),
        fc.string({ unit: 'binary', maxLength: 100 }),
        fc.constantFrom('', '\0', '\uFFFD', '\u202Eabc', '👩‍👩‍👧‍👦', 'é'.normalize('NFD')),
      );
  }
}
