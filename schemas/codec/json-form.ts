/**
 * The JSON form of a record: its fields as members, bytes in base64, enums by their symbol, null where a union says so.
 *
 * Reading is strict, so that whoever debugs with JSON learns of a slip at once: a member that the schema lacks, a wrong type, a
 * number out of range, text with a lone surrogate or base64 that is not canonical is refused. A member that is left out takes the
 * field's default, where there is one.
 */
import { maxInt, maxLong, minInt, minLong, type RecordNode, type SchemaNode } from './schema-node.ts';
import { isWellFormed } from './utf8.ts';

/** What a reader throws: where in the record, and what is wrong there. Never part of a value. */
export class JsonFormError extends Error {
  override readonly name = 'JsonFormError';
}

type Read = (value: unknown) => unknown;
type Write = (value: unknown) => unknown;
export type JsonObject = Readonly<Record<string, unknown>>;

/** A reader of the record from a parsed JSON object. @throws JsonFormError */
export function compileJsonReader(node: RecordNode): (value: JsonObject) => Record<string, unknown> {
  return compileRecordReader(node);
}

/** A writer of the record into an object for JSON.stringify. */
export function compileJsonWriter(node: RecordNode): (record: JsonObject) => Record<string, unknown> {
  return compileRecordWriter(node);
}

const fail = (what: string): never => {
  throw new JsonFormError(what);
};

function compileReader(node: SchemaNode): Read {
  switch (node.kind) {
    case 'record': {
      const read = compileRecordReader(node);
      return (value) => read(isObject(value) ? value : fail('not an object'));
    }
    case 'array': {
      const read = compileReader(node.items);
      return (value) => (Array.isArray(value) ? value.map((item: unknown) => read(item)) : fail('not an array'));
    }
    case 'union': {
      // Parley's unions are all of null and one type, so the value tells which branch it is.
      const read = compileReader(node.branches.find((branch) => branch.kind !== 'null')!);
      return (value) => (value === null ? null : read(value));
    }
    case 'enum': {
      const symbols: ReadonlySet<unknown> = new Set(node.symbols);
      return (value) => (symbols.has(value) ? value : fail(`not one of ${node.symbols.join(', ')}`));
    }
    case 'null':
      return (value) => (value === null ? null : fail('not null'));
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : fail('not a boolean'));
    case 'int':
      return (value) => readInteger(value, minInt, maxInt);
    case 'long':
      return (value) => readInteger(value, minLong, maxLong);
    case 'bytes':
      return readBase64;
    case 'string':
      return readString;
  }
}

function compileRecordReader(node: RecordNode): (value: JsonObject) => Record<string, unknown> {
  const fields = node.fields.map((field) => ({
    name: field.name,
    read: compileReader(field.node),
    required: field.defaultValue === undefined,
    defaultValue: field.defaultValue,
  }));
  const names: ReadonlySet<string> = new Set(fields.map((field) => field.name));
  return (value) => {
    for (const name of Object.keys(value)) {
      // The unknown name itself is the caller's text, so it is not told.
      if (!names.has(name)) fail('unknown member');
    }
    const record: Record<string, unknown> = {};
    for (const field of fields) {
      if (!Object.hasOwn(value, field.name)) {
        if (field.required) fail(`${field.name}: missing`);
        record[field.name] = field.defaultValue;
        continue;
      }
      try {
        record[field.name] = field.read(value[field.name]);
      } catch (error) {
        if (!(error instanceof JsonFormError)) throw error;
        fail(`${field.name}: ${error.message}`);
      }
    }
    return record;
  };
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function readInteger(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    return fail(`not an integer from ${min} to ${max}`);
  }
  return value + 0; // Makes -0 a plain zero.
}

function readString(value: unknown): string {
  if (typeof value !== 'string') return fail('not a string');
  return isWellFormed(value) ? value : fail('a lone surrogate');
}

/** Standard alphabet, padded, no spare bits: the one text that the bytes have. */
function readBase64(value: unknown): Buffer {
  if (typeof value !== 'string') return fail('not base64 text');
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes : fail('not canonical base64');
}

function compileWriter(node: SchemaNode): Write {
  switch (node.kind) {
    case 'record': {
      const write = compileRecordWriter(node);
      return (value) => write(value as JsonObject);
    }
    case 'array': {
      const write = compileWriter(node.items);
      return (value) => (value as readonly unknown[]).map((item) => write(item));
    }
    case 'union': {
      const write = compileWriter(node.branches.find((branch) => branch.kind !== 'null')!);
      return (value) => (value === null ? null : write(value));
    }
    case 'bytes':
      return (value) => Buffer.from(value as Uint8Array).toString('base64');
    default:
      return (value) => value;
  }
}

function compileRecordWriter(node: RecordNode): (record: JsonObject) => Record<string, unknown> {
  const fields = node.fields.map((field) => ({
    name: field.name,
    write: compileWriter(field.node),
    defaultValue: field.defaultValue,
  }));
  return (record) => {
    const object: Record<string, unknown> = {};
    for (const field of fields) {
      const value = record[field.name];
      object[field.name] = value === undefined ? field.defaultValue : field.write(value);
    }
    return object;
  };
}
