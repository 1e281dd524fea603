/**
 * The Avro form of a record without generated code: a reader and a writer per schema node, put together from closures.
 *
 * avsc compiles a schema into a function from text, which is the quickest and which servers use. A browser page whose
 * Content-Security-Policy forbids `eval`, as that of a messenger should, refuses such text; there this form takes its place. Both
 * write the same bytes. The reader trusts its input: `compileAvroCheck` has refused everything else before.
 */
import { invariant } from '../errors/invariant.ts';
import type { RecordNode, SchemaNode } from './schema-node.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

class Input {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    let byte = 0x80;
    const isNegative = (this.bytes[this.at]! & 1) === 1;
    while (byte >= 0x80) {
      byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return isNegative ? -(value + 1) / 2 : value / 2;
  }

  /** A view of as many bytes as the length before them says. */
  span(): Buffer {
    const length = this.varint();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

const firstBytes = 256;

class Output {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #length = 0;

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest >= 0x80) {
      this.byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  span(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

type Read = (input: Input) => unknown;
type Write = (output: Output, value: unknown) => void;
type AvroRecord = Readonly<Record<string, unknown>>;

/** A reader of exactly one record; it shares no memory with the bytes. */
export function compileAvroReader(node: RecordNode): (bytes: Buffer) => Record<string, unknown> {
  const read = compileRead(node);
  return (bytes) => read(new Input(bytes)) as Record<string, unknown>;
}

/** A writer of the record. @throws Error if the value does not fit the schema: a defect of the caller. */
export function compileAvroWriter(node: RecordNode): (record: AvroRecord) => Buffer {
  const write = compileWrite(node);
  return (record) => {
    const output = new Output();
    write(output, record);
    return output.taken();
  };
}

function compileRead(node: SchemaNode): Read {
  switch (node.kind) {
    case 'record': {
      const fields = node.fields.map((field) => ({ name: field.name, read: compileRead(field.node) }));
      return (input) => {
        const record: Record<string, unknown> = {};
        for (const { name, read } of fields) record[name] = read(input);
        return record;
      };
    }
    case 'array': {
      const read = compileRead(node.items);
      return (input) => readArray(input, read);
    }
    case 'union': {
      const branches = node.branches.map(compileRead);
      return (input) => branches[input.varint()]!(input);
    }
    case 'enum':
      return (input) => node.symbols[input.varint()];
    case 'null':
      return () => null;
    case 'boolean':
      return (input) => input.bytes[input.at++] === 1;
    case 'int':
    case 'long':
      return (input) => input.varint();
    case 'bytes':
      return (input) => Buffer.from(input.span());
    case 'string':
      return (input) => decoder.decode(input.span());
  }
}

/** Blocks of a count and as many items, ended by a zero; a negative count is followed by the block's size in bytes. */
function readArray(input: Input, read: Read): unknown[] {
  const items: unknown[] = [];
  for (;;) {
    const count = input.varint();
    if (count === 0) return items;
    if (count < 0) input.varint();
    for (let i = Math.abs(count); i > 0; i--) items.push(read(input));
  }
}

function compileWrite(node: SchemaNode): Write {
  switch (node.kind) {
    case 'record': {
      const fields = node.fields.map(({ name, node: field, defaultValue }) => ({
        name,
        defaultValue,
        write: compileWrite(field),
      }));
      return (output, value) => {
        const record = value as AvroRecord;
        for (const { name, write, defaultValue } of fields) {
          const given = record[name];
          write(output, given === undefined ? defaultValue : given);
        }
      };
    }
    case 'array': {
      const write = compileWrite(node.items);
      return (output, value) => {
        const items = value as readonly unknown[];
        if (items.length > 0) output.varint(items.length);
        for (const item of items) write(output, item);
        output.byte(0);
      };
    }
    case 'union': {
      // Parley's unions are all of null and one type, so the value tells which branch it is.
      const nullIndex = node.branches.findIndex((branch) => branch.kind === 'null');
      const other = node.branches.findIndex((branch) => branch.kind !== 'null');
      const write = compileWrite(node.branches[other]!);
      return (output, value) => {
        output.varint(value === null ? nullIndex : other);
        if (value !== null) write(output, value);
      };
    }
    case 'enum': {
      const indexOf = new Map<unknown, number>(node.symbols.map((symbol, index) => [symbol, index]));
      return (output, value) => {
        const index = indexOf.get(value);
        invariant(index !== undefined, `the value is a symbol of ${node.name}`);
        output.varint(index);
      };
    }
    case 'null':
      return (_output, value) => invariant(value === null, 'the value is null');
    default:
      return compilePrimitiveWrite(node.kind);
  }
}

function compilePrimitiveWrite(kind: 'boolean' | 'int' | 'long' | 'bytes' | 'string'): Write {
  switch (kind) {
    case 'boolean':
      return (output, value) => output.byte(value === true ? 1 : 0);
    case 'int':
    case 'long':
      return (output, value) => {
        invariant(Number.isSafeInteger(value), `the value is a ${kind}`);
        output.varint(value as number);
      };
    case 'bytes':
      return (output, value) => {
        invariant(value instanceof Uint8Array, 'the value is bytes');
        output.span(value);
      };
    case 'string':
      return (output, value) => {
        invariant(typeof value === 'string', 'the value is text');
        output.span(encoder.encode(value));
      };
  }
}
