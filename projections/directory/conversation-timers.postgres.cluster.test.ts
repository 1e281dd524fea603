import { expect } from 'vitest';
import { conversationTimersContract } from './conversation-timers.contract.ts';
import { openPostgresDirectory } from './open.ts';
import { createPostgresFixture } from './postgres.fixture.ts';

conversationTimersContract('postgresql', async () => {
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
