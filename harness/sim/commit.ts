/** Which sources a run was made of. */
import { execFileSync } from 'node:child_process';

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: new URL('.', import.meta.url), stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim();

/** The short name of the commit, with `-dirty` where files differ from it; `unknown` for sources without their repository. */
export function currentCommit(): string {
  try {
    const name = git('rev-parse', '--short', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? name : `${name}-dirty`;
  } catch {
    return 'unknown';
  }
}
