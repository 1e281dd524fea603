import { describe, expect, it } from 'vitest';
import { clusterLinks, kindsOf, linkActions } from './kinds.ts';
import { departuresOf, drawPlan, keyOf, type PlannedFault } from './plan.ts';

const seeds = Array.from({ length: 200 }, (_, index) => index + 1);
const faultsOf = (profile: 'cluster' | 'embedded', seed: number, faults: number, only?: string[]): PlannedFault[] =>
  drawPlan({ profile, seed, faults, ...(only === undefined ? {} : { only }) }).flatMap((round) => [...round.faults]);

describe('the plan of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(drawPlan({ profile: 'cluster', seed: 7, faults: 50 })).toEqual(
      drawPlan({ profile: 'cluster', seed: 7, faults: 50 }),
    );
    expect(faultsOf('cluster', 7, 50)).not.toEqual(faultsOf('cluster', 8, 50));
  });

  it('has every kind of fault, and a network fault on every kind of link, among 50', () => {
    for (const seed of seeds) {
      const faults = faultsOf('cluster', seed, 50);
      expect(faults).toHaveLength(50);
      expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(kindsOf.cluster.map(({ name }) => name)));
      const links = faults.filter(({ action }) => linkActions.includes(action)).map(keyOf);
      expect(new Set(links)).toEqual(new Set(clusterLinks.map((link) => `links of ${link}`)));
    }
  });

  it('has every kind of fault of the embedded profile among 10', () => {
    for (const seed of seeds) {
      const kinds = faultsOf('embedded', seed, 10).map(({ kind }) => kind);
      expect(new Set(kinds)).toEqual(new Set(kindsOf.embedded.map(({ name }) => name)));
    }
  });

  it('harms nothing for long, one target by one fault at a time, and few at once', () => {
    for (const seed of seeds) {
      for (const { faults } of drawPlan({ profile: 'cluster', seed, faults: 50 })) {
        for (const fault of faults) {
          const endMs = fault.startMs + fault.durationMs;
          expect(fault.durationMs).toBeLessThanOrEqual(8_000);
          const others = faults.filter((one) => one !== fault && one.startMs >= fault.startMs && one.startMs < endMs);
          expect(others.map(keyOf)).not.toContain(keyOf(fault));
          const running = faults.filter(
            (one) => one.startMs <= fault.startMs && one.startMs + one.durationMs > fault.startMs,
          );
          expect(running.length).toBeLessThanOrEqual(4);
        }
      }
    }
  });

  it('overlaps faults, numbers them as they begin, and ends in time', () => {
    for (const seed of seeds) {
      const rounds = drawPlan({ profile: 'cluster', seed, faults: 50 });
      const overlapping = rounds.flatMap(({ faults }) =>
        faults.filter((fault, index) => {
          const before = faults[index - 1];
          return before !== undefined && before.startMs + before.durationMs > fault.startMs;
        }),
      );
      expect(overlapping.length).toBeGreaterThan(10);
      expect(rounds.flatMap(({ faults }) => faults.map(({ number }) => number))).toEqual(
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
      for (const { faults } of rounds) {
        const starts = faults.map(({ startMs }) => startMs);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
        expect(starts.at(-1)).toBeLessThan(90_000);
      }
      expect(departuresOf(rounds)).toBe(4);
    }
  });

  it('is made of chosen kinds where some are named', () => {
    const kinds = new Set(faultsOf('cluster', 3, 20, ['kill-redis', 'cut']).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['cut', 'kill-redis']);
    expect(() => faultsOf('cluster', 3, 20, ['explode'])).toThrow('no fault of cluster is called explode');
  });

  it('can be stretched', () => {
    const faults = drawPlan({ profile: 'cluster', seed: 1, faults: 20, activeMs: 200_000 })[0]!.faults;
    expect(faults.at(-1)!.startMs).toBeGreaterThan(150_000);
  });
});
