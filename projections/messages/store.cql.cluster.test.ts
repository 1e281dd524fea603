import { systemClock } from '@parley/schemas/environment/system';
import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { messageStoreContract } from './store.contract.ts';
import { CqlMessageStore } from './store.cql.ts';

messageStoreContract('cql', async () => {
  const { connection, writes, close } = await openKeyspaceFixture();
  return { store: new CqlMessageStore(connection, writes, systemClock), close };
});
