import { openEnvFixture } from '../lmdb/env.fixture.ts';
import { memberStoreContract } from './store.contract.ts';
import { LmdbMemberStore } from './store.lmdb.ts';

memberStoreContract('lmdb', async () => {
  const { env, writes, close } = openEnvFixture();
  return { store: new LmdbMemberStore(env, writes), close };
});
