/**
 * Remembered ids as bytes. They are encoded once, when they are decided, and kept only so: they are nearly all of a busy
 * conversation's snapshot, and hundreds of thousands of small objects that live for two minutes are what a collector is worst at.
 *
 * The bytes are Avro's (https://avro.apache.org/docs/1.12.0/specification/#binary-encoding), those of SnapshotRecent in
 * schemas/state/conversation-snapshot.avsc; a test holds them against avsc's.
 */

import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import { invariant } from '@parley/schemas/errors/invariant';
import { messageIdLength } from '@parley/schemas/identity/message-id';
import { payloadHashBytes } from './payload-hash.ts';
import type { RecentDecision } from './recent-decisions.ts';

/** Of a long up to 2^53. */
export const maxLongBytes = 8;
const nullBranch = 0;
/** Branch 1, zigzag. */
const stringBranch = 2;

/** 28 bits: 4 groups of 7, within the small integers that engines are fast with. */
const lowPart = 2 ** 28;

/** A number that is not negative, as Avro's zigzag varint. */
export function writeLong(into: Buffer, at: number, value: number): number {
  let next = at;
  let rest = value * 2;
  while (rest >= lowPart) {
    const high = Math.floor(rest / lowPart);
    const low = rest - high * lowPart;
    into[next] = (low & 127) | 128;
    into[next + 1] = ((low >>> 7) & 127) | 128;
    into[next + 2] = ((low >>> 14) & 127) | 128;
    into[next + 3] = (low >>> 21) | 128;
    next += 4;
    rest = high;
  }
  let small = rest | 0;
  for (; small >= 128; small >>>= 7) into[next++] = (small & 127) | 128;
  into[next++] = small;
  return next;
}

/** Short texts and hashes are copied byte by byte: a native call costs more. */
function writeText(into: Buffer, at: number, ascii: string): number {
  const from = writeLong(into, at, ascii.length);
  for (let i = 0; i < ascii.length; i++) into[from + i] = ascii.charCodeAt(i);
  return from + ascii.length;
}

/** Writes one entry and says the position after it. */
export function writeDecision(into: Buffer, at: number, decision: RecentDecision): number {
  let next = writeText(into, at, decision.messageId);
  next = writeLong(into, next, decision.atMs);
  next = writeLong(into, next, decision.seq);
  next = writeLong(into, next, decision.ordinal);
  if (decision.refused === null) {
    into[next++] = nullBranch;
  } else {
    into[next++] = stringBranch;
    next = writeText(into, next, decision.refused);
  }
  next = writeLong(into, next, payloadHashBytes);
  for (let i = 0; i < payloadHashBytes; i++) into[next + i] = decision.payloadHash[i]!;
  return next + payloadHashBytes;
}

/** No entry is longer: what the buffer must have left before one is written. */
export function maxEncodedBytes({ messageId, refused, payloadHash }: RecentDecision): number {
  invariant(messageId.length === messageIdLength, 'only valid ids are remembered');
  invariant(payloadHash.length === payloadHashBytes, 'payload hashes have one length');
  const textBytes = 1 + messageIdLength + 1 + payloadHashBytes + 1 + (refused === null ? 0 : 1 + refused.length);
  return textBytes + 3 * maxLongBytes;
}

/** Reads entries one after another. */
class DecisionReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  long(): number {
    let value = 0;
    let unit = 1;
    let byte: number;
    do {
      byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * unit;
      unit *= 128;
    } while (byte >= 128);
    return value / 2;
  }

  text(): string {
    const from = this.#at + 1;
    this.#at = from + this.#bytes[this.#at]! / 2;
    return this.#bytes.toString('latin1', from, this.#at);
  }

  textOrNull(): string | null {
    return this.#bytes[this.#at++] === nullBranch ? null : this.text();
  }

  hash(): Buffer {
    const from = this.#at + 1;
    this.#at = from + payloadHashBytes;
    const hash = Buffer.alloc(payloadHashBytes);
    this.#bytes.copy(hash, 0, from, this.#at);
    return hash;
  }
}

/** The entry that begins at the position. */
export function readDecision(bytes: Buffer, at: number): RecentDecision {
  const reader = new DecisionReader(bytes, at);
  return {
    messageId: reader.text(),
    atMs: reader.long(),
    seq: reader.long(),
    ordinal: reader.long(),
    // Codes are never taken out of the catalogue.
    refused: reader.textOrNull() as ErrorCode | null,
    payloadHash: reader.hash(),
  };
}

/** T of the entry that begins at the position. */
export function readDecisionAtMs(bytes: Buffer, at: number): number {
  return new DecisionReader(bytes, at + 1 + messageIdLength).long();
}
