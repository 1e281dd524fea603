import { systemClock } from '@parley/schemas/environment/system';
import { openEnvFixture } from '../lmdb/env.fixture.ts';
import { messageStoreContract } from './store.contract.ts';
import { LmdbMessageStore } from './store.lmdb.ts';

messageStoreContract('lmdb', async () => {
  const { env, writes, close } = openEnvFixture();
  return { store: new LmdbMessageStore(env, writes, systemClock), close };
});
