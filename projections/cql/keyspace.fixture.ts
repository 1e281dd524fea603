/** A keyspace of a random name on the shared cluster, dropped at the end, for tests. */
import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { StoreWrites } from '../store-writes.ts';
import { type CqlConnection, connectCql } from './connection.ts';
import { ensureCqlSchema } from './schema.ts';

export interface KeyspaceFixture {
  readonly connection: CqlConnection;
  readonly keyspace: string;
  readonly writes: StoreWrites;
  /** Drops the keyspace, and closes. */
  close(): Promise<void>;
}

export const clusterSettings = {
  contactPoints: (process.env['PARLEY_CQL_CONTACT_POINTS'] ?? '127.0.0.1:19042').split(','),
  datacenter: process.env['PARLEY_CQL_DATACENTER'] ?? 'datacenter1',
  clock: systemClock,
  timers: systemTimers,
};

export async function openKeyspaceFixture(): Promise<KeyspaceFixture> {
  const keyspace = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = await connectCql(clusterSettings);
  await ensureCqlSchema(admin.client, { keyspace, datacenter: clusterSettings.datacenter, replicationFactor: 1 });
  const connection = await connectCql({ ...clusterSettings, keyspace });
  return {
    connection,
    keyspace,
    writes: new StoreWrites(new Registry()),
    close: async () => {
      await connection.close();
      await admin.client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
      await admin.close();
    },
  };
}
