/**
 * A database of its own for one test on the shared PostgreSQL, dropped at the end.
 *
 * A pool that was closed says so before the server has noticed that its connections are gone. To drop the database by force then
 * would tell those connections, and the test, of an error; so the drop waits until nobody is connected, and fails if somebody stays.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { vi } from 'vitest';

export interface PostgresFixture {
  readonly url: string;
  drop(): Promise<void>;
}

const leaveTimeoutMs = 10_000;

async function administer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function drop(client: pg.Client, name: string): Promise<void> {
  const connected = async (): Promise<number> => {
    const { rows } = await client.query('SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1', [name]);
    return (rows[0] as { n: number }).n;
  };
  await vi.waitUntil(async () => (await connected()) === 0, { timeout: leaveTimeoutMs, interval: 20 });
  await client.query(`DROP DATABASE ${name}`);
}

export async function createPostgresFixture(): Promise<PostgresFixture> {
  const base = new URL(process.env['PARLEY_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:15432/parley');
  base.pathname = '/postgres';
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(base.href, (client) => client.query(`CREATE DATABASE ${name}`));
  const own = new URL(base);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => administer(base.href, (client) => drop(client, name)) };
}
