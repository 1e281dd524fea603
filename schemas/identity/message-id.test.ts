import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../environment/random.ts';
import { systemRandom } from '../environment/system.ts';
import {
  highestMessageId,
  isMessageId,
  lowestMessageId,
  makeMessageId,
  maxMessageIdTimeMs,
  messageIdLength,
  messageIdTimeMs,
} from './message-id.ts';

const anyTimeMs = fc.integer({ min: 0, max: maxMessageIdTimeMs });
const anyRandom: fc.Arbitrary<Random> = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => ({ next: () => 0, bytes: (length) => bytes.subarray(0, length) }));

/** A second reading of the ULID specification: the time as a 48-bit number in base 32. */
function timeByBigInt(id: string): number {
  const digits = [...id.slice(0, 10)].map((char) => BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(char)));
  return Number(digits.reduce((time, digit) => time * 32n + digit, 0n));
}

describe('message ids', () => {
  it.each([
    ['01ARYZ6S41', 1469918176385],
    ['0000000000', 0],
    ['7ZZZZZZZZZ', 281474976710655],
  ])('begin with %s at %d, as the specification has it', (prefix, timeMs) => {
    expect(makeMessageId(timeMs, systemRandom).slice(0, 10)).toBe(prefix);
    expect(messageIdTimeMs(`${prefix}0000000000000000`)).toBe(timeMs);
    expect(timeByBigInt(prefix)).toBe(timeMs);
  });

  it('are valid, hold their time, and lie between the lowest and the highest of it', () => {
    fc.assert(
      fc.property(anyTimeMs, anyRandom, (timeMs, random) => {
        const id = makeMessageId(timeMs, random);
        expect(id).toHaveLength(messageIdLength);
        expect(isMessageId(id)).toBe(true);
        expect(messageIdTimeMs(id)).toBe(timeMs);
        expect(timeByBigInt(id)).toBe(timeMs);
        expect(lowestMessageId(timeMs) <= id && id <= highestMessageId(timeMs)).toBe(true);
      }),
    );
  });

  it('sort by their time', () => {
    fc.assert(
      fc.property(anyTimeMs, anyTimeMs, anyRandom, (a, b, random) => {
        fc.pre(a < b);
        expect(makeMessageId(a, random) < makeMessageId(b, random)).toBe(true);
        expect(highestMessageId(a) < lowestMessageId(b)).toBe(true);
      }),
    );
  });

  it('are refused in any other spelling', () => {
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    expect(isMessageId(id)).toBe(true);
    const others = [
      id.toLowerCase(),
      id.slice(1),
      `${id}0`,
      `8${id.slice(1)}`,
      `${id.slice(0, 25)}I`,
      `${id.slice(0, 25)}U`,
    ];
    for (const other of [...others, '', `${id.slice(0, 25)}é`, `${id.slice(0, 24)}👍`, ` ${id.slice(1)}`]) {
      expect(isMessageId(other)).toBe(false);
    }
  });

  it('refuse every text that is not 26 of the alphabet', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        expect(isMessageId(text)).toBe(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text));
      }),
    );
  });

  it('clamp the bounds of times that a ULID cannot hold', () => {
    expect(lowestMessageId(-90_000)).toBe('0'.repeat(26));
    expect(highestMessageId(maxMessageIdTimeMs + 1)).toBe(`7${'Z'.repeat(25)}`);
  });

  it('have 80 uniform random bits: every byte value gives every digit equally often, in every place', () => {
    const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const counts = Array.from({ length: 16 }, () => new Map<string, number>());
    for (let byte = 0; byte < 256; byte++) {
      const id = makeMessageId(0, { next: () => 0, bytes: (length) => new Uint8Array(length).fill(byte) });
      for (const [place, digit] of [...id.slice(10)].entries()) {
        counts[place]!.set(digit, (counts[place]!.get(digit) ?? 0) + 1);
      }
    }
    for (const count of counts) expect([...digits].map((digit) => count.get(digit))).toEqual(new Array(32).fill(8));
  });
});
