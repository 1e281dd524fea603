import { describe, expect, it } from 'vitest';
import { runSeed } from './run-seed.ts';

const activeMs = 30_000;

describe('a run of the simulator', () => {
  it('is the same event by event for the same seed, and another for another', async () => {
    const first = await runSeed({ seed: 7, activeMs, keepsTrace: true });
    const again = await runSeed({ seed: 7, activeMs, keepsTrace: true });
    expect(again.trace).toEqual(first.trace);
    expect([again.hash, again.events]).toEqual([first.hash, first.events]);
    expect(first.events).toBeGreaterThan(100);
    const other = await runSeed({ seed: 8, activeMs, keepsTrace: false });
    expect(other.hash).not.toBe(first.hash);
  }, 60_000);

  it('has the same trace whether or not it is kept', async () => {
    const kept = await runSeed({ seed: 9, activeMs, keepsTrace: true });
    const dropped = await runSeed({ seed: 9, activeMs, keepsTrace: false });
    expect(dropped.trace).toEqual([]);
    expect(dropped.hash).toBe(kept.hash);
  }, 60_000);

  it('violates nothing without faults or with them', async () => {
    for (const seed of [1, 6]) expect((await runSeed({ seed, activeMs, keepsTrace: false })).violations).toEqual([]);
  }, 60_000);
});
