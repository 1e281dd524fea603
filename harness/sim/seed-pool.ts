/** Runs seeds in a few processes at once, and hands over each result as it comes. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants/mutant.ts';
import type { SeedOrder, SeedReport } from './seed-worker.ts';

const mostWorkers = 2;
const mutantHook = new URL('mutants/register-mutant.mjs', import.meta.url).href;
const worker = fileURLToPath(new URL('seed-worker.ts', import.meta.url));
/** A run of a mutant may never come to an end. */
const seedTimeoutMs = 60_000;

export interface PoolOptions {
  readonly activeMs: number | null;
  /** The code is changed so; not at all where it is absent. */
  readonly mutant?: Mutant;
  /** Called for every seed; false: no more seeds are begun. */
  readonly done: (report: SeedReport) => boolean;
}

/** Resolves when the seeds have run, or nobody wants more. */
export async function runSeeds(seeds: Iterable<number>, options: PoolOptions): Promise<void> {
  const next = seeds[Symbol.iterator]();
  const state = { isOver: false };
  const count = Math.min(mostWorkers, availableParallelism());
  await Promise.all(Array.from({ length: count }, () => runLane(next, options, state)));
}

async function runLane(next: Iterator<number>, options: PoolOptions, state: { isOver: boolean }): Promise<void> {
  let child: ChildProcess | null = null;
  for (let seed = next.next(); !state.isOver && seed.done !== true; seed = next.next()) {
    child ??= begin(options.mutant);
    const report = await ask(child, { seed: seed.value, activeMs: options.activeMs });
    if (report === null) child = null;
    const told = report ?? brokenReport(seed.value);
    if (!options.done(told)) state.isOver = true;
  }
  child?.kill('SIGKILL');
}

function begin(mutant: Mutant | undefined): ChildProcess {
  const hook = mutant === undefined ? [] : ['--import', mutantHook];
  return fork(worker, [], {
    execArgv: ['--conditions=parley-source', '--import', 'tsx', ...hook],
    env: { ...process.env, PARLEY_SIM_MUTANT: JSON.stringify(mutant ?? null) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Null if the process ended, or was ended, before it had an answer. */
function ask(child: ChildProcess, order: SeedOrder): Promise<SeedReport | null> {
  return new Promise((resolve) => {
    const timeout = setTimeout(() => child.kill('SIGKILL'), seedTimeoutMs);
    const settle = (report: SeedReport | null): void => {
      clearTimeout(timeout);
      child.off('exit', ended);
      child.off('message', settle);
      resolve(report);
    };
    const ended = (): void => settle(null);
    child.once('exit', ended);
    child.once('message', settle);
    child.send(order);
  });
}

function brokenReport(seed: number): SeedReport {
  const means = 'Something that should never happen happened on a server or in the app.';
  const violation = { check: 'misbehaved', means, details: ['the run did not end, or ended its process'] };
  return { seed, violations: [violation], events: 0, accepted: 0, hash: '' };
}
