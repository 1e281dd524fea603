import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './partitioner.ts';

const require = createRequire(import.meta.url);
const reference: (key: string | Buffer) => number = require('kafkajs/src/producer/partitioners/default/murmur2');

describe('the partitioner', () => {
  it("gives the hashes of Kafka's own test (UtilsTest.testMurmur2)", () => {
    expect(murmur2('21')).toBe(-973932308);
    expect(murmur2('foobar')).toBe(-790332482);
    expect(murmur2('a-little-bit-long-string')).toBe(-985981536);
    expect(murmur2('a-little-bit-longer-string')).toBe(-1486304829);
    expect(murmur2('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8')).toBe(-58897971);
    expect(murmur2(Buffer.from('abc'))).toBe(479470107);
  });

  it('agrees with kafkajs on every string and every byte string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (key) => murmur2(key) === reference(key)));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => murmur2(bytes) === reference(Buffer.from(bytes))),
      { numRuns: 500 },
    );
  });

  it('never leaves [0, partitions)', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 4096 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        return Number.isInteger(partition) && partition >= 0 && partition < partitions;
      }),
    );
  });
});
