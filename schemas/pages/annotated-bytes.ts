/** A frame taken apart byte by byte, for the worked examples of docs/PROTOCOL.md; written apart from the codec that it explains. */
import type { RecordNode, SchemaNode } from '../codec/schema-node.ts';

/** Some bytes and what they say. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Empty for what belongs to the frame itself. */
  readonly field: string;
  readonly meaning: string;
}

/** The pieces of a record's Avro form; put together they are the whole form. */
export function annotate(node: RecordNode, record: Readonly<Record<string, unknown>>): Piece[] {
  return node.fields.flatMap((field) => piecesOf(field.node, record[field.name], field.name));
}

function piecesOf(node: SchemaNode, value: unknown, field: string): Piece[] {
  switch (node.kind) {
    case 'record':
      return node.fields.flatMap((inner) => {
        return piecesOf(inner.node, (value as Record<string, unknown>)[inner.name], `${field}.${inner.name}`);
      });
    case 'array':
      return arrayPieces(node.items, value as readonly unknown[], field);
    case 'union': {
      const index = node.branches.findIndex((branch) => (branch.kind === 'null') === (value === null));
      const branch = node.branches[index]!;
      const meaning = `branch ${index} of the union: ${branch.kind}`;
      return [{ bytes: zigzag(index), field, meaning }, ...piecesOf(branch, value, field)];
    }
    case 'enum': {
      const index = node.symbols.indexOf(value as string);
      return [{ bytes: zigzag(index), field, meaning: `symbol ${index}: ${String(value)}` }];
    }
    case 'null':
      return [];
    case 'boolean':
      return [{ bytes: Uint8Array.of(value === true ? 1 : 0), field, meaning: String(value) }];
    case 'int':
    case 'long':
      return [{ bytes: zigzag(value as number), field, meaning: `the number ${String(value)}` }];
    case 'bytes':
      return lengthAndBytes(
        value as Uint8Array,
        field,
        `the bytes ${Buffer.from(value as Uint8Array).toString('hex')}`,
      );
    case 'string':
      return lengthAndBytes(Buffer.from(value as string), field, `"${String(value)}"`);
  }
}

function arrayPieces(items: SchemaNode, values: readonly unknown[], field: string): Piece[] {
  const end = { bytes: zigzag(0), field, meaning: 'no more items' };
  if (values.length === 0) return [end];
  const count = { bytes: zigzag(values.length), field, meaning: `a block of ${values.length} items` };
  return [count, ...values.flatMap((value, i) => piecesOf(items, value, `${field}[${i}]`)), end];
}

function lengthAndBytes(bytes: Uint8Array, field: string, meaning: string): Piece[] {
  const length = { bytes: zigzag(bytes.length), field, meaning: `length ${bytes.length}` };
  return bytes.length === 0 ? [length] : [length, { bytes, field, meaning }];
}

/** The sign moved to the lowest bit, then seven bits a byte, the lowest first, the top bit set in all but the last. */
function zigzag(value: number): Uint8Array {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  const bytes: number[] = [];
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
