import { expect } from 'vitest';
import { openPostgresDirectory } from '../open.ts';
import { createPostgresFixture } from '../postgres.fixture.ts';
import { groupsContract } from './groups.contract.ts';

groupsContract('postgresql', async () => {
  const fixture = await createPostgresFixture();
  const onError = (error: Error): void => expect.unreachable(error.message);
  const database = await openPostgresDirectory(fixture.url, { migrate: true, onError });
  return {
    database,
    close: async () => {
      await database.close();
      await fixture.drop();
    },
  };
});
