/**
 * Says whether bytes are exactly one Avro value of a schema, before avsc reads them.
 *
 * avsc trusts its input: it allocates whatever count an array claims and loops over it, reads text that is not UTF-8 into
 * replacement characters, and takes an int of 53 bits. So one walk over the bytes, a checker per schema node, refuses what is
 * not strictly well formed; it never does more work than there are bytes, whatever they say.
 */
import { invariant } from '../errors/invariant.ts';
import { maxInt, maxLong, minInt, minLong, type RecordNode, type SchemaNode } from './schema-node.ts';
import { isUtf8 } from './utf8.ts';

class Cursor {
  at: number;
  readonly bytes: Uint8Array;
  /** Why a checker said no; records put their field's name before it. */
  reason = '';

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  fail(reason: string): false {
    this.reason = reason;
    return false;
  }

  /** A zigzag varint within [min, max]; NaN if there is none. */
  varint(min: number, max: number): number {
    let value = 0;
    let scale = 1;
    let byte = 0x80;
    const first = this.bytes[this.at]!;
    for (let i = 0; i < 10 && byte >= 0x80; i++) {
      if (this.at >= this.bytes.length) {
        this.reason = 'truncated';
        return Number.NaN;
      }
      byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    // The lowest bit is the sign; a negative sum from 2^53 on has lost it and would be read as another number.
    const negative = (first & 1) === 1;
    const decoded = negative ? (value < 2 ** 53 ? -(value + 1) / 2 : Number.NaN) : value / 2;
    if (byte < 0x80 && decoded >= min && decoded <= max) return decoded;
    this.reason = 'number out of range';
    return Number.NaN;
  }

  /** Steps over a length and as many bytes; the start of those, or -1. */
  span(): number {
    const length = this.varint(0, maxInt);
    if (Number.isNaN(length)) return -1;
    const start = this.at;
    if (length > this.bytes.length - start) {
      this.reason = 'truncated';
      return -1;
    }
    this.at = start + length;
    return start;
  }
}

type Check = (cursor: Cursor) => boolean;

/** A function that answers null if the bytes from `from` on are one value of the schema, and else says why not. */
export function compileAvroCheck(node: SchemaNode): (bytes: Uint8Array, from: number) => string | null {
  const check = compile(node);
  return (bytes, from) => {
    const cursor = new Cursor(bytes, from);
    if (!check(cursor)) return cursor.reason;
    return cursor.at === bytes.length ? null : 'trailing bytes';
  };
}

function compile(node: SchemaNode): Check {
  switch (node.kind) {
    case 'record':
      return compileRecord(node);
    case 'array':
      return compileArray(node.items);
    case 'union': {
      const branches = node.branches.map(compile);
      return (cursor) => {
        const index = cursor.varint(0, branches.length - 1);
        return !Number.isNaN(index) && branches[index]!(cursor);
      };
    }
    case 'enum': {
      const last = node.symbols.length - 1;
      return (cursor) => !Number.isNaN(cursor.varint(0, last));
    }
    case 'null':
      return () => true;
    case 'boolean':
      return (cursor) => {
        const byte = cursor.bytes[cursor.at++];
        return byte === 0 || byte === 1 || cursor.fail('not a boolean');
      };
    case 'int':
      return (cursor) => !Number.isNaN(cursor.varint(minInt, maxInt));
    case 'long':
      return (cursor) => !Number.isNaN(cursor.varint(minLong, maxLong));
    case 'bytes':
      return (cursor) => cursor.span() >= 0;
    case 'string':
      return (cursor) => {
        const start = cursor.span();
        return start >= 0 && (isUtf8(cursor.bytes, start, cursor.at) || cursor.fail('not UTF-8'));
      };
  }
}

function compileRecord(node: RecordNode): Check {
  const names = node.fields.map((field) => field.name);
  const checks = node.fields.map((field) => compile(field.node));
  return (cursor) => {
    for (let i = 0; i < checks.length; i++) {
      if (!checks[i]!(cursor)) return cursor.fail(`${names[i]}: ${cursor.reason}`);
    }
    return true;
  };
}

/** Blocks of a count and as many items, ended by a zero; a negative count is followed by the block's size in bytes. */
function compileArray(items: SchemaNode): Check {
  invariant(minBytes(items) > 0, 'an array item takes at least one byte');
  const check = compile(items);
  return (cursor) => {
    for (;;) {
      let count = cursor.varint(minInt + 1, maxInt);
      if (Number.isNaN(count)) return false;
      if (count === 0) return true;
      let end = -1;
      if (count < 0) {
        count = -count;
        const size = cursor.varint(0, maxInt);
        if (Number.isNaN(size)) return false;
        end = cursor.at + size;
      }
      // Every item takes a byte, so a count that promises more is refused before anything is allocated for it.
      if (count > cursor.bytes.length - cursor.at) return cursor.fail('more items than bytes');
      for (let i = 0; i < count; i++) {
        if (!check(cursor)) return false;
      }
      if (end >= 0 && end !== cursor.at) return cursor.fail('block size differs from the block');
    }
  };
}

function minBytes(node: SchemaNode): number {
  if (node.kind === 'null') return 0;
  if (node.kind !== 'record') return 1;
  return node.fields.reduce((sum, field) => sum + minBytes(field.node), 0);
}
