/** Snapshots of the fold in CQL: a row per conversation, written with the state's own timestamp (design rules 8 and 10). */
import type { FoldStateStore, SavedState } from '@parley/streams/processors/ports';
import type { CqlSession } from '../cql/connection.ts';
import { PartitionWrites } from '../cql/partition-writes.ts';
import { toNumber, toUuid } from '../cql/values.ts';
import type { StoreWrites } from '../store-writes.ts';

const statementsOf = (table: string) => ({
  save: `INSERT INTO ${table} (conversation_id, snapshot, log_offset) VALUES (?, ?, ?) USING TIMESTAMP ?`,
  load: `SELECT snapshot, log_offset, WRITETIME(snapshot) AS write_timestamp FROM ${table} WHERE conversation_id = ?`,
});

export const foldStateStatements = statementsOf('fold_states');

export class CqlFoldStateStore implements FoldStateStore {
  readonly #session: CqlSession;
  readonly #writes: StoreWrites;
  readonly #statements: typeof foldStateStatements;

  constructor(session: CqlSession, writes: StoreWrites, table = 'fold_states') {
    this.#session = session;
    this.#writes = writes;
    this.#statements = statementsOf(table);
  }

  load(conversationIds: readonly string[]): Promise<ReadonlyArray<SavedState | null>> {
    return Promise.all(conversationIds.map((conversationId) => this.#loadOne(conversationId)));
  }

  async #loadOne(conversationId: string): Promise<SavedState | null> {
    const params = [toUuid(conversationId)];
    const [row] = await this.#session.read({ query: this.#statements.load, params }, 1);
    if (row === undefined) return null;
    return {
      conversationId,
      snapshot: row['snapshot'] as Buffer,
      offset: toNumber(row['log_offset']),
      writeTimestampUs: toNumber(row['write_timestamp']),
    };
  }

  async save(states: readonly SavedState[]): Promise<void> {
    const writes = new PartitionWrites();
    for (const { conversationId, snapshot, offset, writeTimestampUs } of states) {
      const params = [toUuid(conversationId), snapshot, offset, writeTimestampUs];
      writes.add(conversationId, [{ query: this.#statements.save, params }], snapshot.length);
    }
    this.#writes.add('fold_states', writes.mutations);
    await writes.send(this.#session);
  }
}
