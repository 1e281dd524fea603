import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { accountDeletionContract } from './account-deletion.contract.ts';
import type { DirectoryUnderTest } from './accounts.fixture.ts';
import { blocksContract } from './blocks.contract.ts';
import { contactsContract } from './contacts.contract.ts';
import { deviceLinksContract } from './device-links.contract.ts';
import { moderationContract } from './moderation.contract.ts';
import { openPostgresDirectory } from './open.ts';
import { createPostgresFixture } from './postgres.fixture.ts';

const onError = (error: Error): void => expect.unreachable(error.message);

const open = async (): Promise<DirectoryUnderTest> => {
  const fixture = await createPostgresFixture();
  const database = await openPostgresDirectory(fixture.url, { migrate: true, onError });
  return {
    database,
    close: async () => {
      await database.close();
      await fixture.drop();
    },
  };
};

blocksContract('postgresql', open);
contactsContract('postgresql', open);
deviceLinksContract('postgresql', open);
moderationContract('postgresql', open);
accountDeletionContract('postgresql', open);

it('discovery looks numbers up in the hash index: a look for each, not a walk over all users', async () => {
  const { database, close } = await open();
  await database.run((db) =>
    sql`INSERT INTO users (user_id, phone_number, display_name, created_at, updated_at)
        SELECT gen_random_uuid(), '+4915' || (100000000 + n), '', now(), now() FROM generate_series(1, 50000) AS n`.execute(
      db,
    ),
  );
  await sql`ANALYZE users`.execute(database.kysely);
  const numbers = Array.from({ length: 50 }, (_, n) => `+4915${100_000_000 + 40 * n}`);
  const { rows } = await sql<{ 'QUERY PLAN': string }>`
    EXPLAIN SELECT user_id FROM users WHERE phone_number = ANY(${numbers}::varchar[])`.execute(database.kysely);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan.includes('users_phone_number_unique') && !plan.includes('Seq Scan'), plan.slice(0, 200)).toBe(true);
  await close();
});
