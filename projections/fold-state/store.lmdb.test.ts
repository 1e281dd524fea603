import { openEnvFixture } from '../lmdb/env.fixture.ts';
import { foldStateStoreContract } from './store.contract.ts';
import { LmdbFoldStateStore } from './store.lmdb.ts';

foldStateStoreContract('lmdb', async () => {
  const { env, writes, close } = openEnvFixture();
  return { store: new LmdbFoldStateStore(env, writes), close };
});
