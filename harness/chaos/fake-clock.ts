/**
 * The clock of a process, to be set while it runs: libfaketime reads from a file how far it is from the machine's.
 *
 * What measures lengths of time (the monotonic clock) stays right, as it does on a machine whose time is set.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export class FakeClock {
  readonly #file: string;
  readonly #library: string;

  constructor(file: string, library: string) {
    this.#file = file;
    this.#library = library;
    this.set(0);
  }

  set(offsetMs: number): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    // A reader sees one or the other, never half of it.
    writeFileSync(`${this.#file}.new`, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1_000}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** What the process must be started with. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}
