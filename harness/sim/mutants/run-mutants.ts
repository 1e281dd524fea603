/**
 * Runs each mutant on one seed after the other until a check notices it; two mutants at a time, each in a process of its own.
 *
 * The seed that noticed a mutant last time is tried first: a hint, which may be wrong or missing, and which saves nothing but time.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inLanes, SeedProcess } from '../seed-pool.ts';
import type { SeedReport } from '../seed-worker.ts';
import { mutants } from './all.ts';
import type { Mutant } from './mutant.ts';

export interface MutantsOptions {
  readonly mostSeeds: number;
  readonly from: number;
  /** Mutants whose rule and name have this text, or one of these with a bar in between; all if it is empty. */
  readonly only: string;
  /** The seeds that notice are written down for the next time. */
  readonly remembers: boolean;
  readonly print: (line: string) => void;
}

export interface MutantsResult {
  readonly caught: readonly string[];
  readonly survived: readonly string[];
}

interface Catch {
  readonly seed: number;
  readonly checks: readonly string[];
  readonly tried: number;
}

const root = new URL('../../../', import.meta.url);
const hintsPath = fileURLToPath(new URL('hints.json', import.meta.url));

/** How often a mutant's text stands in its file: once, or it is no mutant. */
export function placesOf({ file, find }: Mutant): number {
  return readFileSync(fileURLToPath(new URL(file, root)), 'utf8').split(find).length - 1;
}

const titleOf = ({ rule, name }: Mutant): string => `rule ${rule}, ${name}`;

export async function runMutants(options: MutantsOptions): Promise<MutantsResult> {
  const texts = options.only.split('|');
  const chosen = mutants.filter((mutant) => texts.some((text) => titleOf(mutant).includes(text)));
  const lost = chosen.find((mutant) => placesOf(mutant) !== 1);
  if (lost !== undefined) throw new Error(`"${lost.name}": its text stands ${placesOf(lost)} times in ${lost.file}`);
  const hints = readHints();
  const baseline = new Baseline();
  const result = { caught: [] as string[], survived: [] as string[] };
  const next = chosen[Symbol.iterator]();
  await inLanes(async () => {
    for (let one = next.next(); one.done !== true; one = next.next()) {
      const startedMs = performance.now();
      const found = await hunt(one.value, seedsToTry(options, hints[one.value.name]), baseline);
      const seconds = Math.round((performance.now() - startedMs) / 1_000);
      if (found !== null && options.remembers) remember(hints, one.value.name, found.seed);
      (found === null ? result.survived : result.caught).push(one.value.name);
      const count = result.caught.length + result.survived.length;
      options.print(`${count}/${chosen.length} ${titleOf(one.value)}: ${told(found)} (${seconds} s)`);
    }
  });
  baseline.end();
  return result;
}

function told(found: Catch | null): string {
  if (found === null) return 'SURVIVED';
  return `caught by ${found.checks.join(', ')} in seed ${found.seed}, after ${found.tried} tried`;
}

function seedsToTry({ from, mostSeeds }: MutantsOptions, hint: number | undefined): ReadonlySet<number> {
  const seeds = Array.from({ length: mostSeeds }, (_, index) => from + index);
  return new Set(hint !== undefined && seeds.includes(hint) ? [hint, ...seeds] : seeds);
}

async function hunt(mutant: Mutant, seeds: ReadonlySet<number>, baseline: Baseline): Promise<Catch | null> {
  const process = new SeedProcess(mutant);
  try {
    let tried = 0;
    for (const seed of seeds) {
      tried++;
      const report = await process.run({ seed, activeMs: null });
      const checks = report.violations.length === 0 ? [] : await baseline.newIn(report);
      if (checks.length > 0) return { seed, checks, tried };
    }
    return null;
  } finally {
    process.end();
  }
}

/** What seeds say of the code as it is: a check that fails there anyway notices nothing. */
class Baseline {
  readonly #checks = new Map<number, Promise<ReadonlySet<string>>>();
  readonly #process = new SeedProcess();
  #last: Promise<unknown> = Promise.resolve();

  async newIn({ seed, violations }: SeedReport): Promise<string[]> {
    let known = this.#checks.get(seed);
    if (known === undefined) {
      known = this.#run(seed);
      this.#checks.set(seed, known);
    }
    const anyway = await known;
    return violations.map(({ check }) => check).filter((check) => !anyway.has(check));
  }

  /** One seed at a time. */
  #run(seed: number): Promise<ReadonlySet<string>> {
    const run = this.#last.then(async () => {
      const { violations } = await this.#process.run({ seed, activeMs: null });
      return new Set(violations.map(({ check }) => check));
    });
    this.#last = run;
    return run;
  }

  end(): void {
    this.#process.end();
  }
}

function readHints(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(hintsPath, 'utf8')) as Record<string, number>;
  } catch {
    return {}; // Without hints it takes longer, that is all.
  }
}

/** Of the mutants that there are, by name, so that two runs change few lines. */
function remember(hints: Record<string, number>, mutant: string, seed: number): void {
  hints[mutant] = seed;
  const names = mutants.map(({ name }) => name).filter((name) => hints[name] !== undefined);
  const sorted = Object.fromEntries(names.sort().map((name) => [name, hints[name]]));
  writeFileSync(hintsPath, `${JSON.stringify(sorted, null, 2)}\n`);
}
