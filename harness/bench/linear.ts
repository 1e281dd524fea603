/**
 * Whether a duration grows in step with a size, and not with another one.
 *
 * In step: the durations lie on a line `fixed + each · size`, and what one more costs at the largest sizes is not more than at the smallest
 * (a line alone would forgive a growth that is a little worse than linear). Not at all: over and over doubled, the other size leaves
 * the duration nearly as it is: the exponent k of `duration ~ size^k` is close to 0.
 */

export interface Measured {
  readonly size: number;
  readonly seconds: number;
}

export interface Growth {
  /** What a run takes whatever its size: compiling, above all. */
  readonly fixed_s: number;
  readonly us_each: number;
  /** The farthest that a measured duration lies from the line, as a part of it. */
  readonly worst_deviation: number;
  /** What one more costs at the largest two sizes, by what it costs at the smallest two. */
  readonly last_by_first: number;
}

/** The line forgives what gets cheaper as people have all met each other; what gets dearer, `last_by_first` finds. */
export const limits = { deviation: 0.25, lastByFirst: 1.25, exponent: 0.15 } as const;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Least squares. */
function lineThrough(points: ReadonlyArray<readonly [number, number]>): { slope: number; intercept: number } {
  const [meanX, meanY] = [sum(points.map(([x]) => x)) / points.length, sum(points.map(([, y]) => y)) / points.length];
  const slope =
    sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / sum(points.map(([x]) => (x - meanX) * (x - meanX)));
  return { slope, intercept: meanY - slope * meanX };
}

/** Of at least three sizes. */
export function growthOf(measured: readonly Measured[]): Growth {
  const sorted = [...measured].sort((a, b) => a.size - b.size);
  const { slope, intercept } = lineThrough(sorted.map(({ size, seconds }) => [size, seconds]));
  const deviations = sorted.map(({ size, seconds }) => Math.abs(seconds / (intercept + slope * size) - 1));
  const marginal = (from: Measured, to: Measured): number => (to.seconds - from.seconds) / (to.size - from.size);
  const [first, second] = sorted;
  const [beforeLast, last] = sorted.slice(-2);
  return {
    fixed_s: rounded(intercept, 2),
    us_each: rounded(slope * 1e6, 1),
    worst_deviation: rounded(Math.max(...deviations), 3),
    last_by_first: rounded(marginal(beforeLast!, last!) / marginal(first!, second!), 2),
  };
}

export const isLinear = ({ worst_deviation, last_by_first }: Growth): boolean =>
  worst_deviation <= limits.deviation && last_by_first <= limits.lastByFirst;

/** k of `seconds ~ size^k`, of at least two sizes. */
export function exponentOf(measured: readonly Measured[]): number {
  return rounded(lineThrough(measured.map(({ size, seconds }) => [Math.log(size), Math.log(seconds)])).slope, 3);
}

export const isIndependent = (exponent: number): boolean => exponent <= limits.exponent;

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
