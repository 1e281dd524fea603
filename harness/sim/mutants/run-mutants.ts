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
  const caught: string[] = [];
  const survived: string[] = [];
  for (const mutant of mutants.filter(({ name }) => name.includes(options.only))) {
    const startedMs = performance.now();
    const found = await hunt(mutant, options);
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    (found === null ? survived : caught).push(mutant.name);
    options.print(`rule ${mutant.rule}, ${mutant.name}: ${found ?? 'SURVIVED'} (${seconds} s)`);
  }
  return { caught, survived };
}

/** Which check noticed it, in which seed; null if none did. */
async function hunt(mutant: Mutant, { mostSeeds, from }: MutantsOptions): Promise<string | null> {
  let found: string | null = null;
  let seeds = 0;
  await runSeeds(
    Array.from({ length: mostSeeds }, (_, index) => from + index),
    {
      activeMs: null,
      mutant,
      done: ({ seed, violations }) => {
        seeds++;
        const checks = violations.map(({ check }) => check).join(', ');
        if (violations.length > 0) found ??= `caught by ${checks} in seed ${seed}, after ${seeds} seeds`;
        return found === null;
      },
    },
  );
  return found;
}
