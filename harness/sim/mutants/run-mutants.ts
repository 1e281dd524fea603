/** Runs each mutant on one seed after the other until a check notices it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runSeeds } from '../seed-pool.ts';
import { mutants } from './all.ts';
import type { Mutant } from './mutant.ts';

export interface MutantsOptions {
  readonly mostSeeds: number;
  readonly from: number;
  /** Mutants whose name has this text; all if it is empty. */
  readonly only: string;
  readonly print: (line: string) => void;
}

export interface MutantsResult {
  readonly caught: readonly string[];
  readonly survived: readonly string[];
}

const root = new URL('../../../', import.meta.url);

/** @throws Error if a mutant's text does not stand in its file exactly once */
export function checkMutants(): void {
  for (const { name, file, find } of mutants) {
    const count = readFileSync(fileURLToPath(new URL(file, root)), 'utf8').split(find).length - 1;
    if (count !== 1) throw new Error(`mutant "${name}": its text stands ${count} times in ${file}`);
  }
}

export async function runMutants(options: MutantsOptions): Promise<MutantsResult> {
  checkMutants();
  const baseline = new Baseline();
  const caught: string[] = [];
  const survived: string[] = [];
  for (const mutant of mutants.filter(({ name }) => name.includes(options.only))) {
    const startedMs = performance.now();
    const found = await hunt(mutant, options, baseline);
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    (found === null ? survived : caught).push(mutant.name);
    options.print(`rule ${mutant.rule}, ${mutant.name}: ${found ?? 'SURVIVED'} (${seconds} s)`);
  }
  return { caught, survived };
}

/** Which check noticed it, in which seed; null if none did. */
async function hunt(mutant: Mutant, { mostSeeds, from }: MutantsOptions, baseline: Baseline): Promise<string | null> {
  for (let seed = from; seed < from + mostSeeds; seed += seedsAtOnce) {
    const failed = new Map<number, readonly string[]>();
    const some = Array.from({ length: Math.min(seedsAtOnce, from + mostSeeds - seed) }, (_, index) => seed + index);
    await runSeeds(some, {
      activeMs: null,
      mutant,
      done: (report) => {
        if (report.violations.length > 0)
          failed.set(
            report.seed,
            report.violations.map(({ check }) => check),
          );
        return failed.size === 0;
      },
    });
    for (const [failing, checks] of failed) {
      const own = await baseline.without(failing, checks);
      if (own.length > 0)
        return `caught by ${own.join(', ')} in seed ${failing}, among the first ${seed - from + some.length}`;
    }
  }
  return null;
}

const seedsAtOnce = 20;

/** What seeds say of the code as it is: a check that fails there anyway notices nothing. */
class Baseline {
  readonly #checks = new Map<number, ReadonlySet<string>>();

  async without(seed: number, checks: readonly string[]): Promise<string[]> {
    if (!this.#checks.has(seed)) {
      await runSeeds([seed], {
        activeMs: null,
        done: ({ violations }) => {
          this.#checks.set(seed, new Set(violations.map(({ check }) => check)));
          return false;
        },
      });
    }
    return checks.filter((check) => !this.#checks.get(seed)!.has(check));
  }
}
