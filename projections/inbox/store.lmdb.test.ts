import { systemClock } from '@parley/schemas/environment/system';
import { openEnvFixture } from '../lmdb/env.fixture.ts';
import { inboxStoreContract } from './store.contract.ts';
import { LmdbInboxStore } from './store.lmdb.ts';

inboxStoreContract('lmdb', async () => {
  const { env, writes, close } = openEnvFixture();
  return { store: new LmdbInboxStore(env, writes, systemClock), close };
});
