/**
 * How a record lies in LMDB: a binary key that sorts by partition and offset, and a value that carries its own time index.
 *
 * Key, 10 bytes: partition id (4, topic number << 16 | partition), offset (6), big endian.
 * Value: timestamp (6), greatest timestamp of this and all earlier records of the partition (6), key length (2), flags (1), the
 * record's key, its value. The running maximum never falls with the offset, so the first record at or after a time is found by a
 * binary search and needs no index beside the records.
 */
import type { LogRecord } from '../log.ts';

const headerBytes = 15;
const withoutValue = 1;
export const maxKeyBytes = 0xffff;
/** What fits in 6 bytes. */
export const maxTimestampMs = 2 ** 48 - 1;
export const maxOffset = 2 ** 48 - 1;

/** [partition id, offset]. An array, because lmdb takes no other objects for keys; it is read before `put` returns. */
export type RecordKey = [partitionId: number, offset: number];

export function partitionId(topicNumber: number, partition: number): number {
  return topicNumber * 0x10000 + partition;
}

/** Written out by hand: it runs once for every record that is appended, and a call into Buffer costs more than the stores. */
export const recordKeyEncoder = {
  writeKey(key: RecordKey, target: Uint8Array, at: number): number {
    const [id, offset] = key;
    const high = Math.floor(offset / 0x1_0000_0000);
    const low = offset >>> 0;
    target[at] = id >>> 24;
    target[at + 1] = id >>> 16;
    target[at + 2] = id >>> 8;
    target[at + 3] = id;
    target[at + 4] = high >>> 8;
    target[at + 5] = high;
    target[at + 6] = low >>> 24;
    target[at + 7] = low >>> 16;
    target[at + 8] = low >>> 8;
    target[at + 9] = low;
    return at + 10;
  },
  /** Only the offset: whoever reads a range knows the partition that it asked for. */
  readKey(source: Uint8Array, start: number): number {
    const high = source[start + 4]! * 0x100 + source[start + 5]!;
    const low =
      source[start + 6]! * 0x100_0000 + source[start + 7]! * 0x1_0000 + source[start + 8]! * 0x100 + source[start + 9]!;
    return high * 0x1_0000_0000 + low;
  },
};

export function encodedLength(keyBytes: number, value: Buffer | null): number {
  return headerBytes + keyBytes + (value === null ? 0 : value.length);
}

/** Writes a value at `at` and returns where it ends. */
export function encodeRecord(
  target: Buffer,
  at: number,
  record: { readonly key: string; readonly value: Buffer | null; readonly timestampMs: number },
  keyBytes: number,
  maxSoFarMs: number,
): number {
  target.writeUIntBE(record.timestampMs, at, 6);
  target.writeUIntBE(maxSoFarMs, at + 6, 6);
  target.writeUInt16BE(keyBytes, at + 12);
  target[at + 14] = record.value === null ? withoutValue : 0;
  target.write(record.key, at + headerBytes, keyBytes, 'utf8');
  if (record.value !== null) target.set(record.value, at + headerBytes + keyBytes);
  return at + encodedLength(keyBytes, record.value);
}

/** `stored` must be memory of our own, not LMDB's: the record's key and value are views of it. */
export function decodeRecord(topic: string, partition: number, offset: number, stored: Buffer): LogRecord {
  const keyEnd = headerBytes + stored.readUInt16BE(12);
  return {
    topic,
    partition,
    offset,
    timestampMs: timestampOf(stored),
    key: stored.subarray(headerBytes, keyEnd),
    value: stored[14] === withoutValue ? null : stored.subarray(keyEnd),
  };
}

export function timestampOf(stored: Buffer): number {
  return stored.readUIntBE(0, 6);
}

export function maxSoFarOf(stored: Buffer): number {
  return stored.readUIntBE(6, 6);
}

export function keyOf(stored: Buffer): Buffer {
  return stored.subarray(headerBytes, headerBytes + stored.readUInt16BE(12));
}
