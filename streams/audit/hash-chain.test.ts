import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chainStart, extendChain } from './hash-chain.ts';
import { canonicalBytes, recordDigest } from './record-digest.ts';

const record = {
  ...{ topic: 't', partition: 0, offset: 5, timestampMs: 0x0102030405 },
  ...{ key: Buffer.from('k'), value: null as Buffer | null },
};

const hex = (bytes: Buffer) => bytes.toString('hex');

describe('the chain, so that anybody can compute it again', () => {
  it('takes a record as timestamp, key, value and headers, each part with its length', () => {
    expect(hex(canonicalBytes(record))).toBe(`0000000102030405${'01000000016b'}${'0000000000'}${'00000000'}`);
    const headers = [
      { name: 'b', value: Buffer.from('2') },
      { name: 'a', value: Buffer.from('1') },
    ];
    const { length } = canonicalBytes(record);
    expect(hex(canonicalBytes({ ...record, headers })).slice(2 * (length - 4))).toBe(
      `00000002${'010000000161'}${'010000000131'}${'010000000162'}${'010000000132'}`,
    );
  });

  it('tells apart what runs together without lengths, and nothing from emptiness', () => {
    const of = (key: string | null, value: string | null) =>
      hex(
        recordDigest({
          ...record,
          key: key === null ? null : Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
        }),
      );
    const digests = [of('ab', 'c'), of('a', 'bc'), of('', 'abc'), of('abc', ''), of(null, 'abc'), of('abc', null)];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('is SHA-256 over the chain before, the offset and the digest', () => {
    const start = createHash('sha256').update('parley audit chain of t/0').digest();
    expect(hex(chainStart('t', 0))).toBe(hex(start));
    const digest = createHash('sha256').update(canonicalBytes(record)).digest();
    expect(hex(recordDigest(record))).toBe(hex(digest));
    const offset = Buffer.from('0000000000000005', 'hex');
    const next = createHash('sha256')
      .update(Buffer.concat([start, offset, digest]))
      .digest();
    expect(hex(extendChain(start, 5, digest))).toBe(hex(next));
  });
});
