/** A suite that is a vitest configuration, counted from vitest's JSON report. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repository, runProgram } from './program.ts';
import type { Need, Suite, SuiteResult } from './suite.ts';

interface VitestSuite {
  name: string;
  needs?: readonly Need[];
  limitMs: number;
  config: string;
  /** Further arguments for vitest, such as which files. */
  args?: readonly string[];
}

export function vitestSuite({ name, needs = [], limitMs, config, args = [] }: VitestSuite): Suite {
  return {
    name,
    needs,
    limitMs,
    async run(surroundings) {
      const report = join(repository, 'var', 'test', `${name}.json`);
      rmSync(report, { force: true });
      const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs');
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const command = [vitest, 'run', '--config', config, ...reporters, ...args];
      const { exitCode } = await runProgram(process.execPath, command, surroundings);
      return countReport(existsSync(report) ? readFileSync(report, 'utf8') : null, exitCode);
    },
  };
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/**
 * A file that could not even be loaded has no failed test, and an error outside of tests fails none: both are counted as
 * failures here, or a broken run would look green.
 */
export function countReport(text: string | null, exitCode: number | null): SuiteResult {
  if (text === null) return { passed: 0, failed: 1, note: `vitest ended with ${exitCode} and without a report` };
  const report = JSON.parse(text) as Report;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const counted = report.numFailedTests + brokenFiles;
  const failed = exitCode === 0 ? counted : Math.max(1, counted);
  const skipped = report.numPendingTests;
  return { passed: report.numPassedTests, failed, ...(skipped > 0 ? { note: `${skipped} skipped` } : {}) };
}
