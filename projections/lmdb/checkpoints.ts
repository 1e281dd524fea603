/** Offsets of embedded groups, in the projections' own environment: a rebuilt projection has none, so the log is read again. */
import type { CheckpointStore } from '@parley/streams/log/log';
import type { ProjectionEnv, RowDatabase } from './env.ts';

const offsetBytes = 8;

function keyOf(group: string, topic: string, partition: number): Buffer {
  return Buffer.from(JSON.stringify([group, topic, partition]));
}

export class LmdbCheckpointStore implements CheckpointStore {
  readonly #env: ProjectionEnv;
  readonly #offsets: RowDatabase;

  constructor(env: ProjectionEnv) {
    this.#env = env;
    this.#offsets = env.database('checkpoints');
  }

  load(group: string, topic: string, partition: number): number | null {
    return this.#offsets.getBinary(keyOf(group, topic, partition))?.readDoubleBE(0) ?? null;
  }

  save(group: string, topic: string, partition: number, nextOffset: number): Promise<void> {
    return this.#env.write(() => {
      const value = Buffer.allocUnsafe(offsetBytes);
      value.writeDoubleBE(nextOffset);
      this.#offsets.putSync(keyOf(group, topic, partition), value);
    });
  }

  /** Every checkpoint there is: of all groups. */
  all(): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const { key, value } of this.#offsets.getRange()) found.set(key.toString('latin1'), value.readDoubleBE(0));
    return found;
  }

  /** Takes over what another environment has saved, where it is ahead. */
  raise(offsets: ReadonlyMap<string, number>): Promise<void> {
    return this.#env.write(() => {
      for (const [name, offset] of offsets) {
        const key = Buffer.from(name, 'latin1');
        const stored = this.#offsets.getBinaryFast(key);
        if (stored !== undefined && stored.readDoubleBE(0) >= offset) continue;
        const value = Buffer.allocUnsafe(offsetBytes);
        value.writeDoubleBE(offset);
        this.#offsets.putSync(key, value);
      }
    });
  }
}
