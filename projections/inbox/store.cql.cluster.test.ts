import { systemClock } from '@parley/schemas/environment/system';
import type { CqlSession } from '../cql/connection.ts';
import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { inboxStoreContract } from './store.contract.ts';
import { CqlInboxStore } from './store.cql.ts';

inboxStoreContract('cql', async () => {
  const { connection, writes, close } = await openKeyspaceFixture();
  let reads = 0;
  const counting: CqlSession = {
    read: (...statement) => {
      reads++;
      return connection.read(...statement);
    },
    write: (...statements) => connection.write(...statements),
    close: () => connection.close(),
  };
  return { store: new CqlInboxStore(counting, writes, systemClock), reads: () => reads, close };
});
