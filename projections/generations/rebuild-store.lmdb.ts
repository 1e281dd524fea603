/** A rebuild's own states and positions in the environment that it fills. */
import { LmdbFoldStateStore } from '../fold-state/store.lmdb.ts';
import type { ProjectionEnv, RowDatabase } from '../lmdb/env.ts';
import type { StoreWrites } from '../store-writes.ts';
import type { RebuildPosition, RebuildStore } from './rebuild-store.ts';

export class LmdbRebuildStore implements RebuildStore {
  readonly states: LmdbFoldStateStore;
  readonly #env: ProjectionEnv;
  readonly #positions: RowDatabase;

  constructor(env: ProjectionEnv, writes: StoreWrites) {
    this.states = new LmdbFoldStateStore(env, writes, 'rebuild_states');
    this.#env = env;
    this.#positions = env.database('rebuild_positions');
  }

  async positions(): Promise<readonly RebuildPosition[]> {
    return [...this.#positions.getRange()].map(({ value }) => JSON.parse(value.toString()) as RebuildPosition);
  }

  save(position: RebuildPosition): Promise<void> {
    const key = Buffer.from(`${position.topic}/${position.partition}`);
    return this.#env.write(() => void this.#positions.putSync(key, Buffer.from(JSON.stringify(position))));
  }
}
