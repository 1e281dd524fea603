import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { memberStoreContract } from './store.contract.ts';
import { CqlMemberStore } from './store.cql.ts';

memberStoreContract('cql', async () => {
  const { connection, writes, close } = await openKeyspaceFixture();
  return { store: new CqlMemberStore(connection, writes), close };
});
