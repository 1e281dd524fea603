/**
 * A disk that can be filled: a file system in memory where we may mount one, else a limit on the size of files.
 *
 * Root mounts a small tmpfs and fills it with one file. Others can't mount: the process is forbidden to let any file grow, which
 * fails the same writes with another error (EFBIG for ENOSPC).
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../services/processes.ts';
import type { Repair } from './stage.ts';

export interface SmallDisk {
  readonly folder: string;
  open(): void;
  /** From now on nothing more can be written by the process, or by anybody. */
  fill(pid: number | null): Promise<Repair>;
  close(): void;
}

const megabytes = 512;
const chunk = Buffer.alloc(1 << 20, 1);

export function smallDisk(folder: string): SmallDisk {
  return process.getuid?.() === 0 && process.platform === 'linux' ? new MountedDisk(folder) : new LimitedFiles(folder);
}

class MountedDisk implements SmallDisk {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  open(): void {
    this.close(); // What an interrupted run may have left.
    mkdirSync(this.folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'parley-chaos', this.folder]);
  }

  async fill(): Promise<Repair> {
    const filler = join(this.folder, 'filler');
    const file = openSync(filler, 'w');
    try {
      // To the last page: the file system takes what fits.
      for (let size = chunk.length; size >= 4_096; ) {
        if (!isTaken(file, size)) size >>= 1;
      }
    } finally {
      closeSync(file);
    }
    return async () => rmSync(filler, { force: true });
  }

  close(): void {
    const isMounted = readFileSync('/proc/mounts', 'utf8').includes(` ${this.folder} `);
    if (isMounted) execFileSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function isTaken(file: number, size: number): boolean {
  try {
    return writeSync(file, chunk, 0, size) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return false;
  }
}

class LimitedFiles implements SmallDisk {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async fill(pid: number | null): Promise<Repair> {
    if (pid === null) return () => Promise.resolve();
    const limit = (bytes: string) => run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
    await limit('4096');
    return async () => {
      await limit('unlimited').catch(() => undefined); // The process may have ended, and its limit with it.
    };
  }

  open(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
