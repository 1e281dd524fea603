/** The projection pointer of the embedded profile: a small file in the data folder, replaced as a whole. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../lmdb/crash-marker.ts';
import {
  checkSuccessor,
  decodePointer,
  encodePointer,
  firstGeneration,
  firstPointer,
  type Generation,
  type PointerStore,
  type ProjectionPointer,
} from './pointer.ts';

const fileName = 'generations.json';

/** The folder of a generation's environment. */
export function generationFolder(dataDir: string, generation: Generation): string {
  return join(dataDir, generation === firstGeneration ? 'projections' : `projections-${generation}`);
}

export class EmbeddedPointerStore implements PointerStore {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = dataDir;
  }

  async read(): Promise<ProjectionPointer> {
    return this.readNow();
  }

  readNow(): ProjectionPointer {
    let text: string;
    try {
      text = readFileSync(join(this.#folder, fileName), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return firstPointer;
      throw error;
    }
    return decodePointer(text);
  }

  async write(pointer: ProjectionPointer): Promise<void> {
    checkSuccessor(await this.read(), pointer);
    const path = join(this.#folder, fileName);
    const handle = openSync(`${path}.new`, 'w');
    try {
      writeSync(handle, encodePointer(pointer));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(`${path}.new`, path);
    syncPath(this.#folder);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
