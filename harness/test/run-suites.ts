/**
 * Runs suites one after the other and adds up what they counted.
 *
 * A suite whose needs can't be met on this machine is left out, with the reason; where nothing may be left out (in CI) it
 * counts as one failure. A need is provided when the first suite asks for it, and released at the end. A suite that
 * throws, or a need that can't be provided after all, is one failure.
 */
import type { Need, Suite, SuiteResult, Surroundings } from './suite.ts';

export interface RunOptions {
  /** Names of the suites to run; empty for all. */
  only: readonly string[];
  /** Whether a suite that is left out counts as a failure. */
  nothingLeftOut: boolean;
  print: (line: string) => void;
  signal: AbortSignal;
}

export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<SuiteResult> {
  const provided = new Map<Need, Promise<Record<string, string>>>();
  const total = { passed: 0, failed: 0 };
  const lines: string[] = [];
  try {
    for (const suite of chosen(suites, options.only)) {
      const startedMs = performance.now();
      options.print(`\n── ${suite.name}`);
      const { result, line } = await runSuite(suite, provided, options);
      total.passed += result.passed;
      total.failed += result.failed;
      lines.push(line(Math.round((performance.now() - startedMs) / 1_000)));
    }
  } finally {
    for (const need of provided.keys()) await need.release();
  }
  options.print('');
  for (const line of lines) options.print(line);
  return total;
}

function chosen(suites: readonly Suite[], only: readonly string[]): readonly Suite[] {
  const unknown = only.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Error(`no suite ${unknown.join(', ')}; there are ${suites.map((suite) => suite.name).join(', ')}`);
  }
  return only.length === 0 ? suites : suites.filter((suite) => only.includes(suite.name));
}

interface Outcome {
  result: SuiteResult;
  line: (seconds: number) => string;
}

async function runSuite(
  suite: Suite,
  provided: Map<Need, Promise<Record<string, string>>>,
  options: RunOptions,
): Promise<Outcome> {
  const missing = (await Promise.all(suite.needs.map((need) => need.missing()))).filter((reason) => reason !== null);
  if (missing.length > 0) {
    const failed = options.nothingLeftOut ? 1 : 0;
    const consequence = options.nothingLeftOut ? 'LEFT OUT, which is a failure here' : 'left out';
    return { result: { passed: 0, failed }, line: () => `${suite.name}: ${consequence}: ${missing.join(' ')}` };
  }
  const result = await attempt(suite, provided, options);
  const note = result.note === undefined ? '' : `, ${result.note}`;
  return {
    result,
    line: (seconds) => `${suite.name}: ${result.passed} passed, ${result.failed} failed${note} (${seconds} s)`,
  };
}

async function attempt(
  suite: Suite,
  provided: Map<Need, Promise<Record<string, string>>>,
  options: RunOptions,
): Promise<SuiteResult> {
  try {
    const env: Record<string, string> = {};
    for (const need of suite.needs) {
      if (options.signal.aborted) break;
      if (!provided.has(need)) provided.set(need, need.provide());
      Object.assign(env, await provided.get(need));
    }
    if (options.signal.aborted) return { passed: 0, failed: 1, note: 'interrupted' };
    return await withLimit(suite, env, options.signal);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    options.print(message);
    return { passed: 0, failed: 1, note: message.split('\n')[0]! };
  }
}

async function withLimit(suite: Suite, env: Record<string, string>, interrupted: AbortSignal): Promise<SuiteResult> {
  const limit = AbortSignal.timeout(suite.limitMs);
  const surroundings: Surroundings = { env, signal: AbortSignal.any([interrupted, limit]) };
  const result = await suite.run(surroundings);
  if (!surroundings.signal.aborted) return result;
  const note = limit.aborted ? `ended after its limit of ${suite.limitMs / 1_000} s` : 'interrupted';
  return { passed: result.passed, failed: Math.max(1, result.failed), note };
}
