/**
 * `npm run sim -- --seeds 200 [--from S] [--minutes M] [--json]` runs seeds; `--seed N --trace` runs one and tells its story;
 * `--mutants` breaks the code on purpose, one defect at a time, and looks whether a seed notices.
 */
import { Command, InvalidArgumentError } from 'commander';
import { currentCommit } from './commit.ts';
import { forbidReality } from './environment/reality.ts';
import { runMutants } from './mutants/run-mutants.ts';
import { addRegression, knownRegressions, nameOf } from './regressions.ts';
import { runSeed, type Violation } from './run-seed.ts';
import { runSeeds } from './seed-pool.ts';
import type { SeedOrder } from './seed-worker.ts';

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly minutes?: number;
  readonly seed?: number;
  readonly trace?: true;
  readonly mutants?: true;
  readonly only?: string;
  readonly remember?: true;
  readonly json?: true;
}

const mostDetails = 5;

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is asked for');
  return Number(text);
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new InvalidArgumentError('a number above zero is asked for');
  return Number(text);
}

const options = new Command('sim')
  .option('--seeds <count>', 'how many seeds to run', whole, 200)
  .option('--from <seed>', 'the first of them', whole, 1)
  .option('--minutes <minutes>', 'virtual minutes of acts and faults; absent: each seed says', positive)
  .option('--seed <seed>', 'run this one alone', whole)
  .option('--trace', 'tell what happens, line by line')
  .option('--mutants', 'break the code on purpose, and see whether it is noticed')
  .option(
    '--only <text>',
    'mutants whose rule or name has this text, such as "rule 9,", or one of several: "rule 9,|rule 10,"',
  )
  .option('--remember', 'write down which seed noticed a mutant, to be tried first the next time')
  .option('--json', 'print one JSON object as the last line')
  .parse()
  .opts<Options>();
/** As it is before a failing seed is written down. */
const commit = currentCommit();
const activeMs = options.minutes === undefined ? null : options.minutes * 60_000;

if (options.mutants) process.exitCode = await tryMutants();
else if (options.seed !== undefined) process.exitCode = await runOne({ seed: options.seed, activeMs });
else process.exitCode = await runMany();

async function runOne(order: SeedOrder): Promise<number> {
  const { aside, end } = forbidReality();
  const result = await runSeed({ ...order, keepsTrace: options.trace === true, aside });
  end();
  for (const line of result.trace) console.log(line);
  const { plan, events, accepted, hash, violations } = result;
  console.log(`seed ${nameOf(order)}: ${[...plan.faults].join(', ') || 'no faults'}; ${JSON.stringify(plan.shape)}`);
  if (violations.length > 0) fail(order, violations);
  if (options.json) {
    const counts = { seeds: 1, violations: violations.length > 0 ? 1 : 0, events, accepted };
    console.log(JSON.stringify({ ...counts, seed: order.seed, hash }));
  } else console.log(`${events} events, ${accepted} messages accepted, trace ${hash}`);
  return violations.length === 0 ? 0 : 1;
}

async function runMany(): Promise<number> {
  const startedMs = performance.now();
  const totals = { seeds: 0, violations: 0, events: 0, accepted: 0 };
  const failed: string[] = [];
  await runSeeds(seedsToRun(), ({ violations, events, accepted, ...order }) => {
    totals.seeds++;
    totals.events += events;
    totals.accepted += accepted;
    if (violations.length > 0) {
      totals.violations++;
      failed.push(nameOf(order));
      fail(order, violations);
    }
    return true;
  });
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const counts = { passed: totals.seeds - failed.length, failed: failed.length };
  if (options.json) console.log(JSON.stringify({ ...totals, ...counts, failed_seeds: failed, seconds }));
  else
    console.log(`${totals.seeds} seeds, ${totals.violations} with violations, ${totals.events} events, ${seconds} s`);
  return failed.length === 0 && totals.seeds > 0 ? 0 : 1;
}

function seedsToRun(): Iterable<SeedOrder> {
  const asked = Array.from({ length: options.seeds }, (_, index) => ({ seed: options.from + index, activeMs }));
  return new Map([...knownRegressions(), ...asked].map((order) => [nameOf(order), order])).values();
}

function fail(order: SeedOrder, violations: readonly Violation[]): void {
  const minutes = order.activeMs === null ? '' : ` --minutes ${order.activeMs / 60_000}`;
  console.log(`seed ${nameOf(order)} fails at commit ${commit}`);
  console.log(`  again: npm run sim -- --seed ${order.seed}${minutes} --trace`);
  printViolations(violations);
  const checks = violations.map(({ check }) => check);
  if (addRegression(order, commit, checks)) console.log('  it was added to harness/sim/regressions.txt');
}

function printViolations(violations: readonly Violation[]): void {
  for (const { check, means, details } of violations) {
    console.log(`  ${check}: ${means}`);
    for (const detail of details.slice(0, mostDetails)) console.log(`    ${detail}`);
    if (details.length > mostDetails) console.log(`    and ${details.length - mostDetails} more`);
  }
}

async function tryMutants(): Promise<number> {
  const startedMs = performance.now();
  const { caught, survived } = await runMutants({
    mostSeeds: options.seeds,
    from: options.from,
    only: options.only ?? '',
    remembers: options.remember === true,
    print: (line) => console.log(line),
  });
  const total = caught.length + survived.length;
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  for (const name of survived) console.log(`SURVIVED: ${name}`);
  const counts = { mutants: total, caught: caught.length, survived: survived.length };
  if (options.json) {
    const suite = { passed: caught.length, failed: survived.length };
    console.log(JSON.stringify({ ...counts, survivors: survived, ...suite, seconds }));
  } else console.log(`${total} mutants, ${caught.length} caught, ${survived.length} survived, ${seconds} s`);
  return survived.length === 0 && total > 0 ? 0 : 1;
}
