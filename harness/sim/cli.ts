/**
 * `npm run sim -- --seeds 200 [--from S] [--minutes M] [--json]` runs seeds; `--seed N --trace` runs one and tells its story;
 * `--mutants` breaks the code on purpose, one defect at a time, and looks whether a seed notices.
 */
import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { forbidReality } from './environment/reality.ts';
import { runMutants } from './mutants/run-mutants.ts';
import { addRegression, knownRegressions } from './regressions.ts';
import { runSeed, type Violation } from './run-seed.ts';
import { runSeeds } from './seed-pool.ts';

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly minutes?: number;
  readonly seed?: number;
  readonly trace?: true;
  readonly mutants?: true;
  readonly only?: string;
  readonly json?: true;
}

const mostDetails = 5;
const options = new Command('sim')
  .option('--seeds <count>', 'how many seeds to run', Number, 200)
  .option('--from <seed>', 'the first of them', Number, 1)
  .option('--minutes <minutes>', 'virtual minutes of acts and faults; absent: each seed says', Number)
  .option('--seed <seed>', 'run this one alone', Number)
  .option('--trace', 'tell what happens, line by line')
  .option('--mutants', 'break the code on purpose, and see whether it is noticed')
  .option('--only <text>', 'mutants whose name has this text')
  .option('--json', 'print one JSON object as the last line')
  .parse()
  .opts<Options>();
const activeMs = options.minutes === undefined ? null : options.minutes * 60_000;

if (options.mutants) process.exitCode = await tryMutants();
else if (options.seed !== undefined) process.exitCode = await runOne(options.seed);
else process.exitCode = await runMany();

async function runOne(seed: number): Promise<number> {
  const allowAgain = forbidReality();
  const result = await runSeed({ seed, activeMs, keepsTrace: options.trace === true });
  allowAgain();
  for (const line of result.trace) console.log(line);
  console.log(
    `seed ${seed}: ${[...result.plan.faults].join(', ') || 'no faults'}; ${JSON.stringify(result.plan.shape)}`,
  );
  printViolations(result.violations);
  const { events, accepted, hash, violations } = result;
  if (options.json) console.log(JSON.stringify({ seed, violations: violations.length, events, accepted, hash }));
  else console.log(`${events} events, ${accepted} messages accepted, trace ${hash}`);
  return violations.length === 0 ? 0 : 1;
}

async function runMany(): Promise<number> {
  const startedMs = performance.now();
  const totals = { seeds: 0, violations: 0, events: 0, accepted: 0 };
  const failed: number[] = [];
  await runSeeds(seedsToRun(), {
    activeMs,
    done: ({ seed, violations, events, accepted }) => {
      totals.seeds++;
      totals.events += events;
      totals.accepted += accepted;
      if (violations.length > 0) {
        totals.violations++;
        failed.push(seed);
        fail(seed, violations);
      }
      return true;
    },
  });
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const counts = { passed: totals.seeds - failed.length, failed: failed.length };
  if (options.json) console.log(JSON.stringify({ ...totals, ...counts, failed_seeds: failed, seconds }));
  else
    console.log(`${totals.seeds} seeds, ${totals.violations} with violations, ${totals.events} events, ${seconds} s`);
  return failed.length === 0 && totals.seeds > 0 ? 0 : 1;
}

function seedsToRun(): Set<number> {
  const asked = Array.from({ length: options.seeds }, (_, index) => options.from + index);
  return new Set([...knownRegressions(), ...asked]);
}

function fail(seed: number, violations: readonly Violation[]): void {
  const commit = currentCommit();
  console.log(`seed ${seed} fails at commit ${commit}; again: npm run sim -- --seed ${seed} --trace`);
  printViolations(violations);
  addRegression(
    seed,
    commit,
    violations.map(({ check }) => check),
  );
}

function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim();
  } catch {
    return 'unknown'; // Sources without their repository.
  }
}

function printViolations(violations: readonly Violation[]): void {
  for (const { check, means, details } of violations) {
    console.log(`  ${check}: ${means}`);
    for (const detail of details.slice(0, mostDetails)) console.log(`    ${detail}`);
    if (details.length > mostDetails) console.log(`    and ${details.length - mostDetails} more`);
  }
}

async function tryMutants(): Promise<number> {
  const { caught, survived } = await runMutants({
    mostSeeds: options.seeds,
    from: options.from,
    only: options.only ?? '',
    print: (line) => console.log(line),
  });
  const total = caught.length + survived.length;
  if (options.json) console.log(JSON.stringify({ mutants: total, caught: caught.length, survived }));
  else console.log(`${total} mutants, ${caught.length} caught, ${survived.length} survived`);
  return survived.length === 0 && total > 0 ? 0 : 1;
}
