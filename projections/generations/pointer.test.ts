import { describe, expect, it } from 'vitest';
import {
  completed,
  decodePointer,
  encodePointer,
  firstPointer,
  nextGeneration,
  type ProjectionPointer,
  reading,
  writingAlso,
  writingNoMore,
} from './pointer.ts';

const both = writingAlso(firstPointer, 'g2');

describe('the projection pointer', () => {
  it('lets nobody read a generation that lacks something, nor drop the one that is read', () => {
    expect(() => reading(both, 'g2')).toThrow(/g2 is not complete/);
    expect(() => reading(firstPointer, 'g2')).toThrow(/g2 is not complete/);
    expect(reading(completed(both, 'g2'), 'g2').read).toBe('g2');
    expect(() => writingNoMore(both, 'g1')).toThrow(/g1 is being read/);
  });

  it('forgets that a generation was complete when it is no longer written', () => {
    const again = writingAlso(writingNoMore(completed(both, 'g2'), 'g2'), 'g2');
    expect(again.complete).toEqual(['g1']);
    expect(() => reading(again, 'g2')).toThrow(/not complete/);
  });

  it('names the next generation after all that are in use', () => {
    expect(nextGeneration(firstPointer)).toBe('g2');
    expect(nextGeneration({ ...both, write: ['g1', 'g10'] })).toBe('g11');
  });

  it('is read back as it was written, and refused where no command wrote it', () => {
    expect(decodePointer(encodePointer(both))).toEqual(both);
    const damaged: readonly unknown[] = [
      { ...both, read: 'g3' },
      { ...both, write: ['g1', 'g1'] },
      { ...both, write: ['../g1'], complete: [] },
      { ...both, version: -1 },
      { ...both, movedAtMs: undefined },
      { version: 1 },
    ];
    for (const one of damaged) expect(() => decodePointer(encodePointer(one as ProjectionPointer))).toThrow(/damaged/);
    expect(() => decodePointer('{')).toThrow(/damaged/);
  });
});
