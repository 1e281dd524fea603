/** Opens the directory on PostgreSQL, or embedded on PGlite in a folder of its own. */
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { DirectoryDatabase } from './database.ts';
import { pgliteDialect } from './dialect.pglite.ts';
import { migrate } from './migrations.ts';
import type { DirectoryTables } from './tables.ts';

const byteaType = 17;

export interface PostgresDirectoryOptions {
  /** Bring the schema up to date first; one kind of process does it, the others wait for it. */
  readonly migrate: boolean;
  readonly maxConnections?: number;
  /** A connection was lost, idle or in use; statements in flight learn of it by themselves. */
  readonly onError: (error: Error) => void;
}

export async function openPostgresDirectory(
  url: string,
  options: PostgresDirectoryOptions,
): Promise<DirectoryDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 2_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 5_000,
    query_timeout: 6_000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'parley',
  });
  // The pool listens to the connections that are idle. One that is lost while a transaction holds it tells nobody but its own
  // listeners, and without any that ends the process.
  pool.on('connect', (client) => client.on('error', options.onError));
  pool.on('error', () => undefined); // Said by the connection.
  return opened(new Kysely<DirectoryTables>({ dialect: new PostgresDialect({ pool }) }), options.migrate);
}

/** @param path a folder, made if there is none; null keeps everything in memory */
export async function openEmbeddedDirectory(path: string | null): Promise<DirectoryDatabase> {
  const client = new PGlite({
    ...(path === null ? {} : { dataDir: path }),
    parsers: { [byteaType]: (hex: string) => Buffer.from(hex.slice(2), 'hex') },
  });
  return opened(new Kysely<DirectoryTables>({ dialect: pgliteDialect(client) }), true);
}

async function opened(kysely: Kysely<DirectoryTables>, withMigration: boolean): Promise<DirectoryDatabase> {
  const database = new DirectoryDatabase(kysely);
  if (!withMigration) return database;
  try {
    await database.run(migrate);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
