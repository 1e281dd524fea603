/** Values as the engine keeps them, and their ways in from statements and out to rows, as the driver has it. */
import { types } from 'cassandra-driver';

export type StoredValue = string | number | boolean | Buffer | null | readonly StoredValue[];

export function fromParam(param: unknown): StoredValue {
  if (param === null || param === undefined) return null;
  if (typeof param === 'string' || typeof param === 'number' || typeof param === 'boolean') return param;
  if (Buffer.isBuffer(param)) return param;
  if (param instanceof types.Uuid) return param.toString();
  if (param instanceof types.Long) return param.toNumber();
  if (param instanceof types.Tuple) return param.values().map(fromParam);
  if (param instanceof Date) return param.getTime();
  if (Array.isArray(param)) return param.map(fromParam);
  throw new TypeError(`no CQL value: ${String(param)}`);
}

/** As a row of the driver would give it. */
export function toResult(value: StoredValue, type: string): unknown {
  if (value === null) return null;
  if (type.startsWith('timestamp')) return new Date(value as number);
  if (type.startsWith('frozen<tuple<timestamp')) {
    const fields = type.slice('frozen<tuple<'.length, -'>>'.length).split(', ');
    return new types.Tuple(...(value as readonly StoredValue[]).map((one, index) => toResult(one, fields[index]!)));
  }
  if (type.startsWith('frozen<list<')) return (value as readonly StoredValue[][]).map((one) => new types.Tuple(...one));
  return value;
}

export function compareValues(one: StoredValue, other: StoredValue): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? -1 : 1;
  if (Buffer.isBuffer(one) && Buffer.isBuffer(other)) return Buffer.compare(one, other);
  if (typeof one === 'object' || typeof other === 'object')
    return compareTexts(JSON.stringify(one), JSON.stringify(other));
  return one < other ? -1 : one > other ? 1 : 0;
}

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
