/**
 * What a record is, as bytes that can be hashed: every part with its length before it, so that no two records give the same bytes.
 *
 *     timestamp (8) · key · value · number of headers (4) · each header's name and value
 *
 * Numbers are big endian; a key or a value is one byte that says whether there is one, its length (4) and its bytes. The offset is
 * left out here and bound by the chain instead, so that a record that was only moved can still be recognised. Headers are ordered by name:
 * Parley writes none, but whoever adds one changes the record.
 */
import type { LogRecord, RecordHeader } from '../log/log.ts';
import { sha256 } from './sha256.ts';

/** Bytes of a digest that a checkpoint keeps; enough that nobody finds another record with the same. */
export const shortDigestBytes = 16;

const prefixBytes = 8;
const partBytes = 5;
const noHeaders: readonly RecordHeader[] = [];

function ordered(headers: readonly RecordHeader[] | undefined): readonly RecordHeader[] {
  if (headers === undefined || headers.length === 0) return noHeaders;
  return [...headers].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : Buffer.compare(a.value, b.value)));
}

function writePart(target: Buffer, at: number, part: Buffer | null): number {
  target[at] = part === null ? 0 : 1;
  target.writeUInt32BE(part?.length ?? 0, at + 1);
  part?.copy(target, at + partBytes);
  return at + partBytes + (part?.length ?? 0);
}

export function canonicalBytes({ timestampMs, key, value, headers }: LogRecord): Buffer {
  const named = ordered(headers).map((header) => ({ name: Buffer.from(header.name, 'utf8'), value: header.value }));
  let length = prefixBytes + 2 * partBytes + (key?.length ?? 0) + (value?.length ?? 0) + 4;
  for (const header of named) length += 2 * partBytes + header.name.length + header.value.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeBigInt64BE(BigInt(timestampMs), 0);
  let at = writePart(bytes, prefixBytes, key);
  at = writePart(bytes, at, value);
  at = bytes.writeUInt32BE(named.length, at);
  for (const header of named) at = writePart(bytes, writePart(bytes, at, header.name), header.value);
  return bytes;
}

/** SHA-256 of the canonical bytes; whole, as the chain takes it. */
export function recordDigest(record: LogRecord): Buffer {
  return sha256(canonicalBytes(record));
}

export function shortDigest(digest: Buffer): Buffer {
  return digest.subarray(0, shortDigestBytes);
}
