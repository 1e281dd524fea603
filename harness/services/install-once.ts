/**
 * Fills a folder of the download cache exactly once, however many processes ask for it at the same time.
 *
 * Whoever creates the lock file builds into a folder beside it and renames that when complete; the others wait. A lock
 * whose owner is dead is taken over.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { commandLine } from './processes.ts';
import { until } from './until.ts';

const installTimeoutMs = 15 * 60_000;

/** Where downloads are kept between clones. */
export function cacheFolder(): string {
  return process.env['PARLEY_CACHE'] ?? join(homedir(), '.cache', 'parley');
}

export async function installOnce(target: string, build: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  await withLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const unfinished = `${target}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    await build(unfinished);
    renameSync(unfinished, target);
  });
}

/** Runs `work` while no other process of this machine holds the same lock file. */
export async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(dirname(lock), { recursive: true });
  await until(() => takeLock(lock), { what: `the lock ${lock}`, timeoutMs: installTimeoutMs });
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (owner > 0 && commandLine(owner) === '') rmSync(lock, { force: true });
  return false;
}
