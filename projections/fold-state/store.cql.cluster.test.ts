import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { foldStateStoreContract } from './store.contract.ts';
import { CqlFoldStateStore } from './store.cql.ts';

foldStateStoreContract('cql', async () => {
  const { connection, writes, close } = await openKeyspaceFixture();
  return { store: new CqlFoldStateStore(connection, writes), close };
});
