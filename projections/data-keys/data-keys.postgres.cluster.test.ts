import { expect } from 'vitest';
import { openPostgresDirectory } from '../directory/open.ts';
import { createPostgresFixture } from '../directory/postgres.fixture.ts';
import { dataKeysContract } from './data-keys.contract.ts';
import { SqlDataKeys } from './data-keys.sql.ts';

const onError = (error: Error): void => expect.unreachable(error.message);

dataKeysContract('postgresql', async (environment) => {
  const fixture = await createPostgresFixture();
  const database = await openPostgresDirectory(fixture.url, { migrate: true, onError });
  return {
    keys: new SqlDataKeys({ database, ...environment }),
    close: async () => {
      await database.close();
      await fixture.drop();
    },
  };
});
