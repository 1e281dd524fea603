/** A rebuild's own states and positions in the keyspace that it fills. */

import type { CqlSession } from '../cql/connection.ts';
import { applySchema, type StatementRunner } from '../cql/schema.ts';
import { toNumber } from '../cql/values.ts';
import { CqlFoldStateStore } from '../fold-state/store.cql.ts';
import type { StoreWrites } from '../store-writes.ts';
import type { RebuildPosition, RebuildStore } from './rebuild-store.ts';

const maxPositions = 1_000_000;
const rowBytes = 128;

/** Tables that only a generation that is being rebuilt has. */
export function ensureRebuildSchema(client: StatementRunner, keyspace: string): Promise<void> {
  return applySchema(client, [
    `CREATE TABLE IF NOT EXISTS ${keyspace}.rebuild_states (conversation_id uuid PRIMARY KEY, snapshot blob, log_offset bigint)`,
    `CREATE TABLE IF NOT EXISTS ${keyspace}.rebuild_positions
       (topic text, log_partition int, next_offset bigint, records bigint, PRIMARY KEY ((topic, log_partition)))`,
  ]);
}

export class CqlRebuildStore implements RebuildStore {
  readonly states: CqlFoldStateStore;
  readonly #session: CqlSession;

  constructor(session: CqlSession, writes: StoreWrites) {
    this.states = new CqlFoldStateStore(session, writes, 'rebuild_states');
    this.#session = session;
  }

  async positions(): Promise<readonly RebuildPosition[]> {
    const query = 'SELECT topic, log_partition, next_offset, records FROM rebuild_positions';
    const rows = await this.#session.read({ query, params: [] }, maxPositions);
    return rows.map((row) => ({
      topic: String(row['topic']),
      partition: Number(row['log_partition']),
      nextOffset: toNumber(row['next_offset']),
      records: toNumber(row['records']),
    }));
  }

  /** The offset is the timestamp: whatever is written late, the furthest stays. */
  async save({ topic, partition, nextOffset, records }: RebuildPosition): Promise<void> {
    const query = `INSERT INTO rebuild_positions (topic, log_partition, next_offset, records) VALUES (?, ?, ?, ?) USING TIMESTAMP ?`;
    await this.#session.write([{ query, params: [topic, partition, nextOffset, records, nextOffset] }], rowBytes);
  }
}
