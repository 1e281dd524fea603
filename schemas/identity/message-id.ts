/** Ids of messages: ULIDs made by clients (https://github.com/ulid/spec), in upper case, ordered by time then randomness. */
import type { Random } from '../environment/random.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeChars = 10;
const randomChars = 16;
export const messageIdLength = timeChars + randomChars;
export const maxMessageIdTimeMs = 2 ** 48 - 1;

const digitOf = new Int8Array(128).fill(-1);
for (let digit = 0; digit < alphabet.length; digit++) digitOf[alphabet.charCodeAt(digit)] = digit;

function encodeTime(timeMs: number): string {
  let rest = timeMs;
  let text = '';
  for (let i = 0; i < timeChars; i++) {
    text = alphabet[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** A new ULID for the time; `random` supplies 80 bits. */
export function makeMessageId(timeMs: number, random: Random): string {
  let text = encodeTime(timeMs);
  const bytes = random.bytes(randomChars);
  for (let i = 0; i < randomChars; i++) text += alphabet[bytes[i]! & 31];
  return text;
}

/** The smallest id of a time: `{ id >= lowestMessageId(t) }` is everything from t on. Clamped to what a ULID holds. */
export function lowestMessageId(timeMs: number): string {
  return encodeTime(Math.min(Math.max(0, timeMs), maxMessageIdTimeMs)) + '0'.repeat(randomChars);
}

/** The largest id of a time. */
export function highestMessageId(timeMs: number): string {
  return encodeTime(Math.min(Math.max(0, timeMs), maxMessageIdTimeMs)) + 'Z'.repeat(randomChars);
}

/** True for 26 characters of Crockford's base 32, upper case, within 48 bits of time. */
export function isMessageId(id: string): boolean {
  if (id.length !== messageIdLength || id.charCodeAt(0) > 55) return false;
  for (let i = 0; i < messageIdLength; i++) {
    const code = id.charCodeAt(i);
    if (code >= 128 || digitOf[code]! < 0) return false;
  }
  return true;
}

/** The time inside a valid id, in milliseconds since the epoch. */
export function messageIdTimeMs(id: string): number {
  let timeMs = 0;
  for (let i = 0; i < timeChars; i++) timeMs = timeMs * 32 + digitOf[id.charCodeAt(i)]!;
  return timeMs;
}
