/** What the crash tests say of their results: a line for each, and one object for all. */
import { checks } from '../checks/all.ts';
import type { CrashResult } from './crash-test.ts';

export function linesOf(result: CrashResult): string[] {
  const { name, passed, acknowledged, converge_s, longest_wait_s, counts, details } = result;
  const bad = Object.entries(counts).filter(([, count]) => count > 0);
  const violations = bad.map(([check, count]) => `, ${check} ${count}`).join('');
  const end = converge_s === null ? 'did not converge' : `converged in ${converge_s} s`;
  const headline = `${passed ? 'ok     ' : 'FAILED '} ${name}: ${acknowledged} acknowledged${violations}, ${end}, longest wait ${longest_wait_s} s`;
  return [headline, ...details.map((detail) => `        ${detail.slice(0, 600)}`)];
}

export interface CrashSummary {
  readonly tests: readonly object[];
  readonly acknowledged: number;
  /** The longest; null if a test did not converge. */
  readonly converge_s: number | null;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** With the violations of each check under its name, in each test and added up. */
export function summaryOf(results: readonly CrashResult[], skipped: number): CrashSummary {
  const times = results.map(({ converge_s }) => converge_s);
  const passed = results.filter((result) => result.passed).length;
  return {
    tests: results.map(({ name, passed: isPassed, acknowledged, counts, converge_s, longest_wait_s }) => {
      return { name, passed: isPassed, acknowledged, ...counts, converge_s, longest_wait_s };
    }),
    acknowledged: sum(results.map(({ acknowledged }) => acknowledged)),
    ...Object.fromEntries(checks.map(({ name }) => [name, sum(results.map(({ counts }) => counts[name] ?? 0))])),
    converge_s: times.includes(null) ? null : Math.max(0, ...times.map(Number)),
    passed,
    failed: results.length - passed,
    skipped,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
