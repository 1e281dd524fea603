/**
 * `npm run crash -- [--profile PROFILE] [--only TEXT] [--down SECONDS] [--json]`: harms a Parley under load, part by part, and
 * checks that nobody could have noticed.
 */
import { Command, Option } from 'commander';
import type { BaseWorld } from '../world/base-world.ts';
import { buildAll } from '../world/build.ts';
import type { Profile } from '../world/world.ts';
import { ClusterStage } from './cluster-stage.ts';
import { clusterTests } from './cluster-tests.ts';
import { type CrashResult, type CrashTest, runCrashTest } from './crash-test.ts';
import { EmbeddedStage, embeddedTests } from './embedded-tests.ts';
import { linesOf, summaryOf } from './summary.ts';

interface Stage {
  readonly world: BaseWorld;
  mend(): Promise<void>;
  close(): Promise<void>;
}

const program = new Command('crash')
  .addOption(new Option('--profile <profile>', 'where; both if it is not said').choices(['embedded', 'cluster']))
  .option('--only <text>', 'only tests whose name contains the text')
  .option('--down <seconds>', 'how long what was harmed stays away', '3')
  .option('--json', 'print one JSON object as the last line');
program.parse();
const { profile, only, down, json } = program.opts<{
  profile?: Profile;
  only?: string;
  down: string;
  json?: boolean;
}>();
const downMs = Number(down) * 1_000;
if (!(downMs >= 0)) program.error('--down takes a number of seconds');

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

async function attempt<S extends Stage>(test: CrashTest<S>, stage: S): Promise<CrashResult> {
  try {
    return await runCrashTest(test, stage, downMs);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const details = [text, ...stage.world.problems.slice(-10)];
    return {
      name: test.name,
      passed: false,
      acknowledged: 0,
      counts: {},
      converge_s: null,
      longest_wait_s: 0,
      details,
    };
  }
}

async function play<S extends Stage>(
  where: Profile,
  tests: readonly CrashTest<S>[],
  openStage: () => Promise<S>,
): Promise<void> {
  const isMeant = profile === undefined || profile === where;
  const chosen = tests.filter(({ name }) => isMeant && (only === undefined || name.includes(only)));
  skipped += tests.length - chosen.length;
  if (chosen.length === 0 || isInterrupted) return;
  const stage = await openStage();
  open = stage;
  try {
    for (const test of chosen) {
      const result = await attempt(test, stage);
      results.push(result);
      for (const line of linesOf(result)) say(line);
      await stage.mend();
    }
  } finally {
    open = null;
    await stage.close();
  }
}

await buildAll();
await play('embedded', embeddedTests, () => EmbeddedStage.open());
await play('cluster', clusterTests, () => ClusterStage.open());

const summary = summaryOf(results, skipped);
const { passed, failed, acknowledged } = summary;
if (json === true) console.log(JSON.stringify(summary));
else say(`${passed} passed, ${failed} failed, ${skipped} skipped; ${acknowledged} messages acknowledged`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
