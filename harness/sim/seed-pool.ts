/** Runs seeds in a few processes at once, and hands over each result as it comes. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from '../bench/process-usage.ts';
import type { Mutant } from './mutants/mutant.ts';
import type { SeedOrder, SeedReport } from './seed-worker.ts';

const mostWorkers = 2;
const mutantHook = new URL('mutants/register-mutant.mjs', import.meta.url).href;
const worker = fileURLToPath(new URL('seed-worker.ts', import.meta.url));
/** A run may never come to an end. What it has used of a processor says so whatever else the machine does. */
const mostCpuSeconds = 40;
/** Where nobody says what a process used. */
const mostSeconds = 300;
const lookEveryMs = 1_000;

export const workerCount = (): number => Math.min(mostWorkers, availableParallelism());

/** Resolves when all have run, or nobody wants more: `done` is called for every seed, and says whether more are to be begun. */
export async function runSeeds(orders: Iterable<SeedOrder>, done: (report: SeedReport) => boolean): Promise<void> {
  const next = orders[Symbol.iterator]();
  const state = { isOver: false };
  await inLanes(async () => {
    const process = new SeedProcess();
    for (let order = next.next(); !state.isOver && order.done !== true; order = next.next()) {
      if (!done(await process.run(order.value))) state.isOver = true;
    }
    process.end();
  });
}

/** The same work as often at once as there are workers. */
export async function inLanes(work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: workerCount() }, work));
}

/** A process that runs seeds one after the other; begun when it is first needed, and anew after a run that ended it. */
export class SeedProcess {
  readonly #mutant: Mutant | null;
  #child: ChildProcess | null = null;

  /** The code is changed as the mutant says. */
  constructor(mutant: Mutant | null = null) {
    this.#mutant = mutant;
  }

  async run(order: SeedOrder): Promise<SeedReport> {
    this.#child ??= begin(this.#mutant);
    const report = await ask(this.#child, order);
    if (report === null) this.#child = null;
    return report ?? brokenReport(order);
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}

function begin(mutant: Mutant | null): ChildProcess {
  const hook = mutant === null ? [] : ['--import', mutantHook];
  return fork(worker, [], {
    execArgv: ['--conditions=parley-source', '--import', 'tsx', ...hook],
    env: { ...process.env, PARLEY_SIM_MUTANT: JSON.stringify(mutant) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Null if the process ended, or was ended, before it had an answer. */
function ask(child: ChildProcess, order: SeedOrder): Promise<SeedReport | null> {
  return new Promise((resolve) => {
    const watch = watchOver(child);
    const settle = (report: SeedReport | null): void => {
      clearInterval(watch);
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

/** Ends a process that does not come to the end of its run. */
function watchOver(child: ChildProcess): NodeJS.Timeout {
  const startedMs = performance.now();
  const begunWith = usedBy(child);
  return setInterval(() => {
    const used = usedBy(child);
    const isOver =
      used === null || begunWith === null
        ? performance.now() - startedMs > mostSeconds * 1_000
        : used - begunWith > mostCpuSeconds;
    if (isOver) child.kill('SIGKILL');
  }, lookEveryMs);
}

/** CPU time in seconds; null where the system does not tell. */
function usedBy({ pid }: ChildProcess): number | null {
  try {
    return pid === undefined ? null : cpuSeconds([pid]);
  } catch {
    return null;
  }
}

function brokenReport({ seed, activeMs }: SeedOrder): SeedReport {
  const means = 'Something that should never happen happened on a server or in the app.';
  const violation = { check: 'misbehaved', means, details: ['the run did not end, or ended its process'] };
  return { seed, activeMs, violations: [violation], events: 0, accepted: 0, hash: '' };
}
