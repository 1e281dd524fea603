/** Arbitrary values of an Avro schema: whatever decodes may come. Names and numbers are drawn from few, so that they meet. */
import fc from 'fast-check';

type Schema = string | readonly Schema[] | { readonly type: Schema; readonly [key: string]: unknown };
type Named = Map<string, fc.Arbitrary<unknown>>;

export interface Pools {
  readonly uuid: fc.Arbitrary<string>;
  readonly text: fc.Arbitrary<string>;
}

function arbitraryRecord(schema: { readonly [key: string]: unknown }, pools: Pools, named: Named) {
  const fields = schema['fields'] as readonly { readonly name: string; readonly type: Schema }[];
  return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, arbitraryOf(type, pools, named)])));
}

function arbitraryPrimitive(type: string, pools: Pools, named: Named): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: fc.integer() });
    case 'long':
      return fc.oneof(fc.integer({ min: 0, max: 12 }), fc.maxSafeInteger());
    case 'string':
      return pools.text;
    case 'bytes':
      return fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    default:
      return named.get(type.slice(type.lastIndexOf('.') + 1))!;
  }
}

/** `named` collects the types that later fields refer to by name. */
export function arbitraryOf(schema: Schema, pools: Pools, named: Named = new Map()): fc.Arbitrary<unknown> {
  if (typeof schema === 'string') return arbitraryPrimitive(schema, pools, named);
  if (Array.isArray(schema)) return fc.oneof(...schema.map((branch: Schema) => arbitraryOf(branch, pools, named)));
  const one = schema as { readonly type: Schema; readonly [key: string]: unknown };
  if (one['logicalType'] === 'uuid')
    return fc.oneof({ weight: 9, arbitrary: pools.uuid }, { weight: 1, arbitrary: pools.text });
  if (one.type === 'array') return fc.array(arbitraryOf(one['items'] as Schema, pools, named), { maxLength: 4 });
  if (one.type === 'enum' || one.type === 'record') {
    const made =
      one.type === 'enum' ? fc.constantFrom(...(one['symbols'] as string[])) : arbitraryRecord(one, pools, named);
    named.set(one['name'] as string, made);
    return made;
  }
  return arbitraryOf(one.type, pools, named);
}
