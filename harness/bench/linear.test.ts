import { describe, expect, it } from 'vitest';
import { exponentOf, growthOf, isIndependent, isLinear } from './linear.ts';

const sizes = [40_000, 80_000, 160_000, 320_000];
const taking = (seconds: (size: number) => number) => sizes.map((size) => ({ size, seconds: seconds(size) }));

describe('the growth of a duration', () => {
  it('is linear with a fixed part, and says both', () => {
    const growth = growthOf(taking((size) => 0.7 + size * 40e-6));
    expect(growth).toEqual({ fixed_s: 0.7, us_each: 40, worst_deviation: 0, last_by_first: 1 });
    expect(isLinear(growth)).toBe(true);
  });

  it('is linear where a busy machine made some of it 5 % longer', () => {
    const noise = new Map(sizes.map((size, index) => [size, [1.05, 1, 1.05, 0.97][index]!]));
    expect(isLinear(growthOf(taking((size) => (0.7 + size * 40e-6) * noise.get(size)!)))).toBe(true);
  });

  it.each([
    ['a power of 1.3', (size: number) => (size * 40e-6) ** 1.3],
    ['a square beside a line', (size: number) => size * 40e-6 + (size * 6e-6) ** 2],
  ])('is not linear with %s', (_what, seconds) => {
    expect(isLinear(growthOf(taking(seconds)))).toBe(false);
  });

  it('does not depend on what leaves it nearly as it is', () => {
    const exponent = exponentOf(taking((size) => 6 * size ** 0.05));
    expect([exponent, isIndependent(exponent)]).toEqual([0.05, true]);
    expect(isIndependent(exponentOf(taking(() => 3)))).toBe(true);
  });

  it('depends on what makes it a half longer with every doubling', () => {
    expect(isIndependent(exponentOf(taking((size) => size ** Math.log2(1.5))))).toBe(false);
  });
});
