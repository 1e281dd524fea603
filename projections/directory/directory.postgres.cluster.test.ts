import { createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { expect, it, vi } from 'vitest';
import { directoryContract } from './directory.contract.ts';
import { openPostgresDirectory } from './open.ts';
import { createPostgresFixture } from './postgres.fixture.ts';

const onError = (error: Error): void => expect.unreachable(error.message);

directoryContract('postgresql', async () => {
  const fixture = await createPostgresFixture();
  const database = await openPostgresDirectory(fixture.url, { migrate: true, onError });
  return {
    database,
    close: async () => {
      await database.close();
      await fixture.drop();
    },
  };
});

it('is migrated once when several processes start at the same time; before that it is unavailable', async () => {
  const fixture = await createPostgresFixture();
  const reader = await openPostgresDirectory(fixture.url, { migrate: false, onError });
  await expect(reader.ping()).rejects.toMatchObject({ code: 'unavailable' });
  const open = () => openPostgresDirectory(fixture.url, { migrate: true, onError });
  const all = await Promise.all([open(), open(), open()]);
  await reader.ping();
  for (const database of [...all, reader]) await database.close();
  await fixture.drop();
});

it('says unavailable, in bounded time, when nobody listens and when somebody listens but never answers', async () => {
  const held: Socket[] = [];
  const server = createServer((socket) => held.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const database = await openPostgresDirectory(`postgres://postgres@127.0.0.1:${port}/none`, {
    migrate: false,
    onError,
  });
  const began = performance.now();
  await expect(database.ping()).rejects.toMatchObject({ code: 'unavailable' });
  expect(performance.now() - began).toBeLessThan(8_000);
  const closed = new Promise((resolve) => server.close(resolve));
  for (const socket of held) socket.destroy();
  await closed;
  await expect(database.ping()).rejects.toMatchObject({ code: 'unavailable' });
  await database.close();
});

it('outlives a connection that is lost while a transaction holds it', async () => {
  const fixture = await createPostgresFixture();
  const lost: Error[] = [];
  const database = await openPostgresDirectory(fixture.url, { migrate: true, onError: (error) => lost.push(error) });
  const other = await openPostgresDirectory(fixture.url, { migrate: false, onError });
  const work = database.transaction(async (transaction) => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(transaction);
    await other.run((db) => sql`SELECT pg_terminate_backend(${rows[0]!.pid})`.execute(db));
    await vi.waitFor(() => expect(lost.length).toBeGreaterThan(0), { timeout: 10_000 });
    await sql`SELECT 1`.execute(transaction);
  });
  await expect(work).rejects.toMatchObject({ code: 'unavailable' });
  await database.ping();
  await database.close();
  await other.close();
  await fixture.drop();
});
