import { randomUUID } from 'node:crypto';
import { connectCql } from '../cql/connection.ts';
import { clusterSettings } from '../cql/keyspace.fixture.ts';
import { pointerContract } from './pointer.contract.ts';
import { CqlPointerStore, controlKeyspace, ensureControlSchema } from './pointer.cql.ts';

pointerContract('cql', async () => {
  const keyspace = `test_${randomUUID().slice(0, 8)}`;
  const admin = await connectCql(clusterSettings);
  await ensureControlSchema(admin.client, { keyspace, datacenter: clusterSettings.datacenter, replicationFactor: 1 });
  const open = async () => new CqlPointerStore(await connectCql(clusterSettings), keyspace);
  const store = await open();
  return {
    store,
    another: open,
    close: async () => {
      await store.close();
      await admin.client.execute(`DROP KEYSPACE ${controlKeyspace(keyspace)}`);
      await admin.close();
    },
  };
});
