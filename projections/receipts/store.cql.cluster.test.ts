import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { receiptStoreContract } from './store.contract.ts';
import { CqlReceiptStore } from './store.cql.ts';

receiptStoreContract('cql', async (clock) => {
  const { connection, writes, close } = await openKeyspaceFixture();
  return { store: new CqlReceiptStore(connection, writes, clock), close };
});
