/** A database of its own for one test on the shared PostgreSQL, dropped at the end. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface PostgresFixture {
  readonly url: string;
  drop(): Promise<void>;
}

async function administer(statement: string, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export async function createPostgresFixture(): Promise<PostgresFixture> {
  const base = new URL(process.env['PARLEY_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:15432/parley');
  base.pathname = '/postgres';
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name}`, base.href);
  const own = new URL(base);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`, base.href) };
}
