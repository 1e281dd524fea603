/** One process at a time in a data folder: two would both believe that they own the log. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Who holds the folder, or how to give it back. */
export type FolderLock = { readonly holder: number } | { readonly unlock: () => void };

/** A lock whose process is dead is taken over. */
export function lockFolder(dataDir: string): FolderLock {
  const path = join(dataDir, 'lock');
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return { unlock: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder !== null && holder !== process.pid) return { holder };
    rmSync(path, { force: true });
  }
}

function holderOf(path: string): number | null {
  try {
    const holder = Number(readFileSync(path, 'utf8'));
    return holder > 0 && isAlive(holder) ? holder : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
