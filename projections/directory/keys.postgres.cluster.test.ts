import { expect } from 'vitest';
import { keysContract } from './keys.contract.ts';
import { openPostgresDirectory } from './open.ts';
import { createPostgresFixture } from './postgres.fixture.ts';

const onError = (error: Error): void => expect.unreachable(error.message);

keysContract(
  'postgresql',
  async () => {
    const fixture = await createPostgresFixture();
    const database = await openPostgresDirectory(fixture.url, { migrate: true, maxConnections: 32, onError });
    return {
      database,
      close: async () => {
        await database.close();
        await fixture.drop();
      },
    };
  },
  64,
);
