/** What the processes of a run logged, in files that stay when the run failed: who wants to know why reads them. */
import { appendFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from '../test/program.ts';
import type { LogLine } from '../world/app-process.ts';

export class ProcessLogs {
  #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  take(process: string, line: LogLine): void {
    appendFileSync(join(this.#folder, `${process}.log`), `${JSON.stringify(line)}\n`);
  }

  /** Puts them where they stay until the same run fails again; resolves to that place. */
  keep(name: string): string {
    const kept = join(repository, 'var', 'chaos-failed', name);
    rmSync(kept, { recursive: true, force: true });
    mkdirSync(dirname(kept), { recursive: true });
    renameSync(this.#folder, kept);
    this.#folder = kept;
    return kept;
  }
}
