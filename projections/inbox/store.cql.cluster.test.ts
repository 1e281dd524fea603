import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { inboxStoreContract } from './store.contract.ts';
import { CqlInboxStore } from './store.cql.ts';

inboxStoreContract('cql', async () => {
  const { connection, writes, close } = await openKeyspaceFixture();
  return { store: new CqlInboxStore(connection, writes), close };
});
