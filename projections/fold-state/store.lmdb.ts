/** Snapshots of the fold in LMDB: key conversation. The greater write timestamp wins, whoever writes last (design rule 10). */
import type { FoldStateStore, SavedState } from '@parley/streams/processors/ports';
import type { ProjectionEnv, RowDatabase } from '../lmdb/env.ts';
import { RowReader, RowWriter } from '../lmdb/row-bytes.ts';
import type { StoreWrites } from '../store-writes.ts';

export class LmdbFoldStateStore implements FoldStateStore {
  readonly #env: ProjectionEnv;
  readonly #rows: RowDatabase;
  readonly #writes: StoreWrites;
  readonly #key = new RowWriter();
  readonly #value = new RowWriter();

  constructor(env: ProjectionEnv, writes: StoreWrites, database = 'fold_states') {
    this.#env = env;
    this.#rows = env.database(database);
    this.#writes = writes;
  }

  async load(conversationIds: readonly string[]): Promise<ReadonlyArray<SavedState | null>> {
    return conversationIds.map((conversationId) => {
      const value = this.#rows.getBinary(this.#key.start().uuid(conversationId).bytes());
      if (value === undefined) return null;
      const row = new RowReader(value);
      const writeTimestampUs = row.number();
      const offset = row.number();
      return { conversationId, writeTimestampUs, offset, snapshot: row.blob() };
    });
  }

  save(states: readonly SavedState[]): Promise<void> {
    return this.#env.write(() => {
      for (const state of states) this.#put(state);
      this.#writes.add('fold_states', states.length);
    });
  }

  #put(state: SavedState): void {
    const key = this.#key.start().uuid(state.conversationId).bytes();
    const stored = this.#rows.getBinaryFast(key);
    if (stored !== undefined && stored.readDoubleBE(0) >= state.writeTimestampUs) return;
    const value = this.#value.start().number(state.writeTimestampUs).number(state.offset).blob(state.snapshot);
    this.#rows.putSync(key, value.bytes());
  }
}
