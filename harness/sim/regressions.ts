/** Seeds that once failed, a line each: seed, commit, what. They are run first, so that no mistake comes back unseen. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('regressions.txt', import.meta.url));

export function knownRegressions(): number[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return [...new Set(lines.flatMap((line) => (/^\d+ /.test(line) ? [Number(line.split(' ')[0])] : [])))];
}

export function addRegression(seed: number, commit: string, checks: readonly string[]): void {
  if (!knownRegressions().includes(seed)) appendFileSync(path, `${seed} ${commit} ${checks.join(', ')}\n`);
}
