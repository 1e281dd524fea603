import { describe, expect, it } from 'vitest';
import { runSeed } from './run-seed.ts';
import { SeedProcess } from './seed-pool.ts';
import type { SeedOrder, SeedReport } from './seed-worker.ts';

const activeMs = 30_000;
/** Seeds with and without faults, embedded stores, an intruder. */
const orders = [3, 5, 12].map((seed) => ({ seed, activeMs }));

async function inOneProcess(asked: readonly SeedOrder[]): Promise<ReadonlyMap<number, SeedReport>> {
  const process = new SeedProcess();
  const reports = new Map<number, SeedReport>();
  for (const order of asked) reports.set(order.seed, await process.run(order));
  process.end();
  return reports;
}

describe('the same seed', () => {
  it('is the same run in this process, in a fresh one, and after whatever ran before it', async () => {
    const [forwards, backwards] = await Promise.all([inOneProcess(orders), inOneProcess(orders.toReversed())]);
    for (const { seed } of orders) {
      const here = await runSeed({ seed, activeMs, keepsTrace: true });
      const again = await runSeed({ seed, activeMs, keepsTrace: false });
      const others = [again, forwards.get(seed)!, backwards.get(seed)!];
      const known = { hash: here.hash, events: here.events, violations: here.violations };
      for (const { hash, events, violations } of others) expect({ hash, events, violations }).toEqual(known);
      expect(here.trace.length).toBe(here.events);
    }
    expect(new Set([...forwards.values()].map(({ hash }) => hash)).size).toBe(orders.length);
  }, 120_000);
});
