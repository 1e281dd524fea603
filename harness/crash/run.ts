/**
 * `npm run crash -- [--profile PROFILE] [--only TEXT] [--down SECONDS] [--json]`: harms a Parley under load, part by part, and
 * checks that nobody could have noticed.
 */
import { rmSync } from 'node:fs';
import { Command, Option } from 'commander';
import { processTree, signal } from '../services/processes.ts';
import type { BaseWorld } from '../world/base-world.ts';
import { buildAll } from '../world/build.ts';
import type { Profile } from '../world/world.ts';
import { ClusterStage, clusterFolder } from './cluster-stage.ts';
import { clusterTests } from './cluster-tests.ts';
import { type CrashResult, type CrashTest, runCrashTest } from './crash-test.ts';
import { EmbeddedStage, embeddedTests } from './embedded-tests.ts';
import { linesOf, summaryOf } from './summary.ts';

interface Stage {
  readonly world: BaseWorld;
  /** Where its data lies. */
  readonly folder: string;
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
const folders = new Set<string>([clusterFolder]);
let skipped = 0;

/** Whatever runs was started by this process, and its data is of no use to anybody: nothing is left of either. */
function abandon(): never {
  for (const pid of processTree(process.pid).slice(1)) signal(pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, abandon);

async function attempt<S extends Stage>(test: CrashTest<S>, stage: () => Promise<S>): Promise<CrashResult> {
  try {
    return await runCrashTest(test, await stage(), downMs);
  } catch (error) {
    const details = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
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

/** Makes the stage fit for the next test; false if it could not be, and was given up. */
async function isMended(stage: Stage): Promise<boolean> {
  try {
    await stage.mend();
    return true;
  } catch (error) {
    say(`        the stage can't be mended and is built anew: ${String(error).slice(0, 600)}`);
    await stage.close();
    return false;
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
  const held: { stage: S | null } = { stage: null };
  const opened = async (): Promise<S> => {
    held.stage ??= await openStage();
    folders.add(held.stage.folder);
    return held.stage;
  };
  for (const test of chosen) {
    const result = await attempt(test, opened);
    results.push(result);
    for (const line of linesOf(result)) say(line);
    if (held.stage !== null && !(await isMended(held.stage))) held.stage = null;
  }
  await held.stage?.close();
}

await buildAll();
await play('embedded', embeddedTests, () => EmbeddedStage.open());
await play('cluster', clusterTests, () => ClusterStage.open());

const summary = summaryOf(results, skipped);
const { passed, failed, acknowledged } = summary;
if (json === true) console.log(JSON.stringify(summary));
else say(`${passed} passed, ${failed} failed, ${skipped} skipped; ${acknowledged} messages acknowledged`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
