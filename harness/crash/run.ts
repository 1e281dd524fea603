/** `npm run crash -- [--only NAME] [--json]`: harms a Parley under load, part by part, and checks that nobody could have noticed. */
import { Command } from 'commander';
import { checks } from '../checks/all.ts';
import type { BaseWorld } from '../world/base-world.ts';
import { buildAll } from '../world/build.ts';
import { ClusterStage } from './cluster-stage.ts';
import { clusterTests } from './cluster-tests.ts';
import { type CrashResult, type CrashTest, runCrashTest } from './crash-test.ts';
import { EmbeddedStage, embeddedTests } from './embedded-tests.ts';

interface Stage {
  readonly world: BaseWorld;
  mend(): Promise<void>;
  close(): Promise<void>;
}

const program = new Command('crash')
  .option('--only <name>', 'only tests whose name contains this')
  .option('--json', 'print one JSON object as the last line');
program.parse();
const { only, json } = program.opts<{ only?: string; json?: boolean }>();

const say = (line: string): void => {
  if (json === true) console.error(line);
  else console.log(line);
};

const results: CrashResult[] = [];
let skipped = 0;
let open: Stage | null = null;
let isInterrupted = false;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    isInterrupted = true;
    void open?.close().finally(() => process.exit(1));
  });
}

function report(result: CrashResult, seconds: number): void {
  const { name, passed, acknowledged, converge_s, counts } = result;
  const bad = Object.entries(counts).filter(([, count]) => count > 0);
  const text = bad.map(([check, count]) => `, ${check} ${count}`).join('');
  say(
    `${passed ? 'ok     ' : 'FAILED '} ${name}: ${acknowledged} acknowledged${text}, converged in ${converge_s} s (${seconds} s)`,
  );
  for (const detail of result.details) say(`        ${detail.slice(0, 600)}`);
}

async function attempt<S extends Stage>(test: CrashTest<S>, stage: S): Promise<CrashResult> {
  try {
    return await runCrashTest(test, stage);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const details = [text, ...stage.world.problems.slice(-10)];
    return { name: test.name, passed: false, acknowledged: 0, counts: {}, converge_s: null, details };
  }
}

async function play<S extends Stage>(tests: readonly CrashTest<S>[], openStage: () => Promise<S>): Promise<void> {
  const chosen = tests.filter(({ name }) => only === undefined || name.includes(only));
  skipped += tests.length - chosen.length;
  if (chosen.length === 0 || isInterrupted) return;
  const stage = await openStage();
  open = stage;
  try {
    for (const test of chosen) {
      const startedMs = performance.now();
      const result = await attempt(test, stage);
      results.push(result);
      report(result, Math.round((performance.now() - startedMs) / 1_000));
      await stage.mend();
    }
  } finally {
    open = null;
    await stage.close();
  }
}

await buildAll();
await play(embeddedTests, () => EmbeddedStage.open());
await play(clusterTests, () => ClusterStage.open());

const passed = results.filter((result) => result.passed).length;
const failed = results.length - passed;
const total = (of: (result: CrashResult) => number): number => results.reduce((sum, result) => sum + of(result), 0);
const totals = {
  acknowledged: total(({ acknowledged }) => acknowledged),
  ...Object.fromEntries(checks.map(({ name }) => [name, total(({ counts }) => counts[name] ?? 0)])),
  converge_s: Math.max(0, ...results.map(({ converge_s }) => converge_s ?? Number.POSITIVE_INFINITY)),
};
if (json === true) {
  const tests = results.map(({ name, passed: ok, acknowledged, counts, converge_s }) => {
    return { name, passed: ok, acknowledged, ...counts, converge_s };
  });
  const longest = Number.isFinite(totals.converge_s) ? totals.converge_s : null;
  console.log(JSON.stringify({ tests, ...totals, converge_s: longest, passed, failed, skipped }));
} else say(`${passed} passed, ${failed} failed, ${skipped} skipped; ${totals.acknowledged} messages acknowledged`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
