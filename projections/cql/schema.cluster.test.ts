import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { connectCql } from './connection.ts';
import { clusterSettings } from './keyspace.fixture.ts';
import { ensureCqlSchema } from './schema.ts';

it('makes the columns that a keyspace of an earlier release lacks, and leaves its rows alone', async () => {
  const keyspace = `test_${randomUUID().replaceAll('-', '')}`;
  const connection = await connectCql(clusterSettings);
  const { client } = connection;
  const settings = { keyspace, datacenter: clusterSettings.datacenter, replicationFactor: 1 };
  try {
    await ensureCqlSchema(client, settings);
    await client.execute(`ALTER TABLE ${keyspace}.messages DROP system_change`);
    const id = randomUUID();
    await client.execute(
      `INSERT INTO ${keyspace}.messages (conversation_id, bucket, sub_bucket, message_id, seq) VALUES (${id}, 1, 0, 'x', 7)`,
    );
    for (let again = 0; again < 2; again++) await ensureCqlSchema(client, settings);
    const { rows } = await client.execute(`SELECT seq, system_change FROM ${keyspace}.messages`);
    expect(rows.map((row) => [Number(row['seq']), row['system_change']])).toEqual([[7, null]]);
  } finally {
    await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
    await connection.close();
  }
}, 60_000);
