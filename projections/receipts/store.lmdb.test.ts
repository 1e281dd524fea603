import { openEnvFixture } from '../lmdb/env.fixture.ts';
import { receiptStoreContract } from './store.contract.ts';
import { LmdbReceiptStore } from './store.lmdb.ts';

receiptStoreContract('lmdb', async (clock) => {
  const { env, writes, close } = openEnvFixture();
  return { store: new LmdbReceiptStore(env, writes, clock), close };
});
