/** Suites that are programs: one counts by its exit code, the other by the JSON object that it prints last. */
import { join } from 'node:path';
import { type ProgramResult, repository, runProgram } from './program.ts';
import type { Need, Suite, SuiteResult } from './suite.ts';

interface ProgramSuite {
  name: string;
  needs?: readonly Need[];
  limitMs: number;
  args: readonly string[];
}

/** One check: it passes if the command of node_modules/.bin exits with 0. */
export function commandSuite({ name, needs = [], limitMs, args }: ProgramSuite): Suite {
  const [command, ...rest] = args;
  return {
    name,
    needs,
    limitMs,
    async run(surroundings) {
      const { exitCode } = await runProgram(join(repository, 'node_modules', '.bin', command!), rest, surroundings);
      return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    },
  };
}

/**
 * A TypeScript program of the repository whose last line is a JSON object with `passed` and `failed` (and perhaps
 * `skipped`): `args` are its path and its arguments, `--json` included.
 */
export function jsonSuite({ name, needs = [], limitMs, args }: ProgramSuite): Suite {
  const node = ['--conditions=parley-source', '--import', 'tsx'];
  return {
    name,
    needs,
    limitMs,
    run: async (surroundings) => countOf(await runProgram(process.execPath, [...node, ...args], surroundings)),
  };
}

/** A program that ends badly, or says nothing that can be read, is a failure whatever it counted. */
export function countOf({ exitCode, stdout }: ProgramResult): SuiteResult {
  const counted = lastLineAsCounts(stdout);
  if (counted === null) return { passed: 0, failed: 1, note: `exit code ${exitCode}, and no counts on the last line` };
  const { passed, skipped } = counted;
  const failed = exitCode === 0 ? counted.failed : Math.max(1, counted.failed);
  return { passed, failed, ...(skipped > 0 ? { note: `${skipped} skipped` } : {}) };
}

function lastLineAsCounts(stdout: string): { passed: number; failed: number; skipped: number } | null {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { passed, failed, skipped = 0 } = JSON.parse(line) as Record<string, unknown>;
    return [passed, failed, skipped].every((count) => Number.isInteger(count))
      ? { passed: passed as number, failed: failed as number, skipped: skipped as number }
      : null;
  } catch {
    return null; // Not JSON: said to the caller.
  }
}
