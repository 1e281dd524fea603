/** Files that are complete and on the disk whatever happens: what the stores of a client on Node are made of. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One write after the other, in the order of the calls; a failed one does not stop those behind it. */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // Its caller is told.
    return result;
  }
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
const unfinished = '.new';

/** The file is the old one or the new one, whatever happens, and the new one once this resolves. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const file = await open(path + unfinished, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path + unfinished, path);
  await syncFolder(dirname(path));
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
