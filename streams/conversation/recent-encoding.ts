/**
 * Remembered ids as bytes: each is encoded once, when it is decided, because they are nearly all of a busy conversation's snapshot.
 *
 * The bytes are Avro's (https://avro.apache.org/docs/1.12.0/specification/#binary-encoding), those of SnapshotRecent in
 * schemas/state/conversation-snapshot.avsc; a test holds them against avsc's.
 */
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
