/**
 * The way to SQL: how many statements may wait, what is tried again, and what a failure is called.
 *
 * A transaction that lost against another (deadlock, serialization) is run again, a few times; so its body must draw its random
 * values before it begins. A database that does not answer is `unavailable`; anything else that SQL objects to is `internal`,
 * without its text, which may quote the values.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { DirectoryTables } from './tables.ts';

export const maxStatementsInFlight = 500;
const maxTransactionRuns = 3;
const retryAfterMs = 1_000;

/** Classes of SQLSTATE: connection, resources, operator intervention, system; and tables that are not migrated yet. */
const unavailableStates = /^(08|53|57|58)...$|^42P01$/;
const conflictStates = /^40(001|P01)$/;
const connectionCodes = /^(ECONN|ETIMEDOUT|EPIPE|EHOST|ENET|ENOTFOUND|EAI_)/;
const connectionMessages = /timeout|terminated|closed|ended|destroyed|not queryable/i;

export class DirectoryDatabase {
  readonly kysely: Kysely<DirectoryTables>;
  #inFlight = 0;

  constructor(kysely: Kysely<DirectoryTables>) {
    this.kysely = kysely;
  }

  /** @throws ParleyError `unavailable`, `overloaded`, `internal` */
  async run<T>(work: (db: Kysely<DirectoryTables>) => Promise<T>): Promise<T> {
    if (this.#inFlight >= maxStatementsInFlight) {
      throw new ParleyError('overloaded', { detail: 'directory', retryAfterMs });
    }
    this.#inFlight++;
    try {
      return await work(this.kysely);
    } catch (error) {
      throw named(error);
    } finally {
      this.#inFlight--;
    }
  }

  async transaction<T>(work: (transaction: Transaction<DirectoryTables>) => Promise<T>): Promise<T> {
    return this.run(async (db) => {
      for (let run = 1; ; run++) {
        try {
          return await db.transaction().execute(work);
        } catch (error) {
          if (run === maxTransactionRuns || !conflictStates.test(stateOf(error))) throw error;
        }
      }
    });
  }

  /** @throws ParleyError `unavailable` */
  async ping(): Promise<void> {
    await this.run((db) => sql`SELECT 1 FROM users LIMIT 1`.execute(db));
  }

  /** The database's own time. @throws ParleyError `unavailable` */
  async serverTimeMs(): Promise<number> {
    const { rows } = await this.run((db) =>
      sql<{ ms: number }>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`.execute(db),
    );
    return Math.round(rows[0]!.ms);
  }

  async close(): Promise<void> {
    await this.kysely.destroy();
  }
}

function stateOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

function isAway(state: string, message: string): boolean {
  if (state === '') return connectionMessages.test(message);
  return unavailableStates.test(state) || conflictStates.test(state) || connectionCodes.test(state);
}

function named(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ParleyError) return error;
  const state = stateOf(error);
  if (isAway(state, error.message)) {
    return new ParleyError('unavailable', { detail: 'directory', retryAfterMs, cause: error });
  }
  if (/^[0-9A-Z]{5}$/.test(state)) return new ParleyError('internal', { detail: `SQL state ${state}` });
  return error;
}
