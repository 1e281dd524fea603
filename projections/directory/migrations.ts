/**
 * Brings a directory's schema up to date: one list for PostgreSQL and PGlite, applied in order, each once, under a lock, so that
 * several processes may start at the same time. A migration that was released is never edited: add the next number.
 */
import { type Kysely, Migrator, sql } from 'kysely';
import { accounts } from './migrations/0001-accounts.ts';
import { groups } from './migrations/0002-groups.ts';
import { people } from './migrations/0003-people.ts';
import { keys } from './migrations/0004-keys.ts';
import { privacy } from './migrations/0005-privacy.ts';
import { blocks } from './migrations/0006-blocks.ts';
import { moderation } from './migrations/0006-moderation.ts';
import { dataKeys } from './migrations/0007-data-keys.ts';
import type { DirectoryTables } from './tables.ts';

const migrations: Readonly<Record<string, readonly string[]>> = {
  '0001-accounts': accounts,
  '0002-groups': groups,
  '0003-people': people,
  '0004-keys': keys,
  '0005-privacy': privacy,
  '0006-blocks': blocks,
  '0006-moderation': moderation,
  '0007-data-keys': dataKeys,
};

export async function migrate(database: Kysely<DirectoryTables>): Promise<void> {
  const steps = Object.entries(migrations).map(([name, statements]) => {
    const up = async (db: Kysely<unknown>): Promise<void> => {
      for (const statement of statements) await sql.raw(statement).execute(db);
    };
    return [name, { up }];
  });
  const provider = { getMigrations: async () => Object.fromEntries(steps) };
  // A number that was reserved for work in progress may come after the next one did.
  const { error } = await new Migrator({ db: database, provider, allowUnorderedMigrations: true }).migrateToLatest();
  if (error !== undefined) throw error;
}
