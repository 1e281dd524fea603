/**
 * `npm run chaos -- --profile PROFILE --faults COUNT --seed SEED [--minutes M] [--only KIND,…] [--json]`: harms a Parley under load in
 * every way that a seed draws, and checks that nobody could have noticed.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { processTree, signal } from '../services/processes.ts';
import { currentCommit } from '../sim/commit.ts';
import { buildAll } from '../world/build.ts';
import type { Profile } from '../world/world.ts';
import { ChaosRun } from './chaos-run.ts';
import { ClusterStage } from './cluster-stage.ts';
import { EmbeddedStage } from './embedded-stage.ts';
import { drawPlan } from './plan.ts';
import type { ChaosStage } from './stage.ts';
import { linesOf, summaryOf } from './summary.ts';

interface Options {
  readonly profile: Profile;
  readonly faults: number;
  readonly seed: number;
  readonly minutes?: number;
  readonly only?: string;
  readonly json?: true;
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is asked for');
  return Number(text);
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new InvalidArgumentError('a number above zero is asked for');
  return Number(text);
}

const options = new Command('chaos')
  .addOption(new Option('--profile <profile>', 'what is harmed').choices(['embedded', 'cluster']).default('cluster'))
  .option('--faults <count>', 'how many', positive, 50)
  .option('--seed <seed>', 'what they are drawn from', whole, Math.floor(Math.random() * 1_000_000))
  .option('--minutes <minutes>', 'how long faults begin; absent: one every 2.5 s', positive)
  .option('--only <kinds>', 'names of kinds of faults, or how they begin, separated by commas')
  .option('--json', 'print one JSON object as the last line')
  .parse()
  .opts<Options>();

const beganMs = Date.now();
const tell = (line: string): void => {
  const text = `${((Date.now() - beganMs) / 1_000).toFixed(1).padStart(6)} s  ${line}`;
  if (options.json === true) console.error(text);
  else console.log(text);
};

let stage: ChaosStage | null = null;

/** Whatever runs was started by this process, and its data is of no use to anybody: nothing is left of either. */
function abandon(): never {
  for (const pid of processTree(process.pid).slice(1)) signal(pid, 'SIGKILL');
  stage?.abandon();
  process.exit(130);
}
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, abandon);

const { profile, seed, faults, minutes, only } = options;
const repeat = [
  `npm run chaos -- --profile ${profile} --faults ${faults} --seed ${seed}`,
  ...(minutes === undefined ? [] : [`--minutes ${minutes}`]),
  ...(only === undefined ? [] : [`--only ${only}`]),
].join(' ');

const rounds = drawPlan({
  profile,
  seed,
  faults,
  ...(minutes === undefined ? {} : { activeMs: minutes * 60_000 }),
  ...(only === undefined ? {} : { only: only.split(',') }),
});
tell(repeat);
await buildAll();
stage = await (profile === 'cluster' ? ClusterStage.create(tell) : EmbeddedStage.create(tell));
try {
  await stage.open();
  const outcome = await new ChaosRun(stage, tell).play(rounds);
  const summary = summaryOf({ profile, seed, repeat, commit: currentCommit() }, outcome);
  for (const line of linesOf(summary, outcome)) tell(line);
  if (summary.failed > 0) tell(`logs: ${stage.logs.keep(`${profile}-${seed}`)}`);
  if (options.json === true) console.log(JSON.stringify(summary));
  process.exitCode = summary.failed === 0 ? 0 : 1;
} catch (error) {
  tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
} finally {
  await stage.close();
}
