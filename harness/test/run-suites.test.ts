/** The runner must never look green when something did not run or did not pass. */
import { describe, expect, it } from 'vitest';
import { countOf } from './program-suites.ts';
import { runSuites } from './run-suites.ts';
import type { Need, Suite, SuiteResult } from './suite.ts';
import { countReport } from './vitest-suite.ts';

const suite = (name: string, result: SuiteResult, needs: readonly Need[] = []): Suite => ({
  name,
  needs,
  limitMs: 60_000,
  run: async () => result,
});

async function run(suites: readonly Suite[], options: { only?: string[]; nothingLeftOut?: boolean } = {}) {
  const lines: string[] = [];
  const total = await runSuites(suites, {
    only: [],
    nothingLeftOut: false,
    print: (line) => lines.push(line),
    signal: new AbortController().signal,
    ...options,
  });
  return { ...total, text: lines.join('\n') };
}

const absent: Need = {
  missing: async () => 'a piano is missing: buy one',
  provide: async () => ({}),
  release: async () => undefined,
};

describe('runSuites', () => {
  it('adds up what the suites counted', async () => {
    const total = await run([suite('a', { passed: 3, failed: 0 }), suite('b', { passed: 4, failed: 2 })]);
    expect(total).toMatchObject({ passed: 7, failed: 2 });
    expect(total.text).toContain('b: 4 passed, 2 failed');
  });

  it('says which suite was left out, why, and what would enable it', async () => {
    const total = await run([suite('a', { passed: 3, failed: 0 }), suite('music', { passed: 1, failed: 0 }, [absent])]);
    expect(total).toMatchObject({ passed: 3, failed: 0 });
    expect(total.text).toContain('music: left out: a piano is missing: buy one');
  });

  it('counts a suite that is left out as a failure where nothing may be', async () => {
    const total = await run([suite('music', { passed: 1, failed: 0 }, [absent])], { nothingLeftOut: true });
    expect(total).toMatchObject({ passed: 0, failed: 1 });
  });

  it('counts a suite that throws, and goes on with the next', async () => {
    const broken: Suite = { ...suite('broken', { passed: 0, failed: 0 }), run: () => Promise.reject(new Error('no')) };
    expect(await run([broken, suite('a', { passed: 3, failed: 0 })])).toMatchObject({ passed: 3, failed: 1 });
  });

  it('counts a suite that outlives its limit', async () => {
    const slow: Suite = {
      name: 'slow',
      needs: [],
      limitMs: 5,
      run: ({ signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ passed: 1, failed: 0 }))),
    };
    const total = await run([slow]);
    expect(total).toMatchObject({ passed: 1, failed: 1 });
    expect(total.text).toContain('limit');
  });

  it('provides a need once, and releases it also when providing failed', async () => {
    const calls: string[] = [];
    const piano: Need = {
      missing: async () => null,
      provide: async () => {
        calls.push('provide');
        throw new Error('it fell down the stairs');
      },
      release: async () => {
        calls.push('release');
      },
    };
    const total = await run([
      suite('a', { passed: 1, failed: 0 }, [piano]),
      suite('b', { passed: 1, failed: 0 }, [piano]),
    ]);
    expect(total).toMatchObject({ passed: 0, failed: 2 });
    expect(calls).toEqual(['provide', 'release']);
  });

  it('starts nothing more once it is interrupted, and releases what it has', async () => {
    const interruption = new AbortController();
    const calls: string[] = [];
    const piano: Need = {
      missing: async () => null,
      provide: async () => {
        interruption.abort();
        return {};
      },
      release: async () => {
        calls.push('release');
      },
    };
    const player: Suite = {
      ...suite('a', { passed: 1, failed: 0 }, [piano]),
      run: async () => {
        calls.push('run');
        return { passed: 1, failed: 0 };
      },
    };
    const options = { only: [], nothingLeftOut: false, print: () => undefined, signal: interruption.signal };
    expect(await runSuites([player, suite('b', { passed: 1, failed: 0 })], options)).toEqual({ passed: 0, failed: 2 });
    expect(calls).toEqual(['release']);
  });

  it('hands the settings of a need to the suite', async () => {
    const piano: Need = { ...absent, missing: async () => null, provide: async () => ({ PIANO: 'upstairs' }) };
    let seen: Record<string, string> = {};
    const player: Suite = {
      ...suite('a', { passed: 1, failed: 0 }, [piano]),
      run: async ({ env }) => {
        seen = env;
        return { passed: 1, failed: 0 };
      },
    };
    await run([player]);
    expect(seen).toEqual({ PIANO: 'upstairs' });
  });

  it('runs only what was asked for, and refuses a name that it does not know', async () => {
    const both = [suite('a', { passed: 1, failed: 0 }), suite('b', { passed: 1, failed: 0 })];
    expect(await run(both, { only: ['b'] })).toMatchObject({ passed: 1 });
    await expect(run(both, { only: ['c'] })).rejects.toThrow('no suite c');
  });
});

describe('the count of a vitest run', () => {
  const report = (numFailedTests: number, testResults: { status: string; assertionResults: { status: string }[] }[]) =>
    JSON.stringify({ numPassedTests: 5, numFailedTests, numPendingTests: 0, testResults });

  it('is that of the report', () => {
    const failed = [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'failed' }] }];
    expect(countReport(report(0, []), 0)).toEqual({ passed: 5, failed: 0 });
    expect(countReport(report(2, failed), 1)).toEqual({ passed: 5, failed: 2 });
  });

  it('has a failure for a file that could not be loaded, for an error outside of tests, and for a missing report', () => {
    expect(countReport(report(0, [{ status: 'failed', assertionResults: [] }]), 1)).toMatchObject({ failed: 1 });
    expect(countReport(report(0, []), 1)).toMatchObject({ failed: 1 });
    expect(countReport(null, 137)).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('the count of a program', () => {
  it('is on its last line', () => {
    expect(countOf({ exitCode: 0, stdout: 'talk\n{"passed":2,"failed":0,"skipped":1}\n' })).toEqual({
      passed: 2,
      failed: 0,
      note: '1 skipped',
    });
  });

  it('has a failure for a bad exit code and for a last line that says nothing', () => {
    expect(countOf({ exitCode: 1, stdout: '{"passed":2,"failed":0}' })).toMatchObject({ passed: 2, failed: 1 });
    expect(countOf({ exitCode: 0, stdout: 'done\n' })).toMatchObject({ passed: 0, failed: 1 });
    expect(countOf({ exitCode: 0, stdout: '{"passed":"2"}' })).toMatchObject({ passed: 0, failed: 1 });
  });
});
