import { expect } from 'vitest';
import { openPostgresDirectory } from './open.ts';
import { createPostgresFixture } from './postgres.fixture.ts';
import { privacyContract } from './privacy.contract.ts';

const onError = (error: Error): void => expect.unreachable(error.message);

privacyContract('postgresql', async () => {
  const fixture = await createPostgresFixture();
  const database = await openPostgresDirectory(fixture.url, { migrate: true, onError });
  return {
    database,
    close: async () => {
      await database.close();
      await fixture.drop();
    },
  };
});
