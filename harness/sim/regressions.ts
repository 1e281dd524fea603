/**
 * Seeds that once failed, a line each: seed, commit, what. They are run first, so that no mistake comes back unseen.
 *
 * A seed that was run for another length than its own is another run: it stands there as `seed/minutes`.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SeedOrder } from './seed-worker.ts';

export const regressionsPath = fileURLToPath(new URL('regressions.txt', import.meta.url));
const minuteMs = 60_000;

export const nameOf = ({ seed, activeMs }: SeedOrder): string =>
  activeMs === null ? String(seed) : `${seed}/${activeMs / minuteMs}`;

export function knownRegressions(path = regressionsPath): SeedOrder[] {
  if (!existsSync(path)) return [];
  const orders = new Map<string, SeedOrder>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [name, seed, minutes] = /^(\d+)(?:\/([\d.]+))? /.exec(line) ?? [];
    if (name === undefined) continue;
    orders.set(name.trim(), {
      seed: Number(seed),
      activeMs: minutes === undefined ? null : Number(minutes) * minuteMs,
    });
  }
  return [...orders.values()];
}

/** False if it stands there already. */
export function addRegression(
  order: SeedOrder,
  commit: string,
  checks: readonly string[],
  path = regressionsPath,
): boolean {
  if (knownRegressions(path).some((known) => nameOf(known) === nameOf(order))) return false;
  appendFileSync(path, `${nameOf(order)} ${commit} ${checks.join(', ')}\n`);
  return true;
}
