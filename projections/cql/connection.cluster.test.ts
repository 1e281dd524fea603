import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CqlFoldStateStore } from '../fold-state/store.cql.ts';
import { type CqlConnection, connectCql } from './connection.ts';
import { clusterSettings, type KeyspaceFixture, openKeyspaceFixture } from './keyspace.fixture.ts';

/** A way to the node that can be cut: connections die at once, and new ones are refused until it is mended. */
class Cable {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  port = 0;

  async mend(): Promise<void> {
    const [host, port] = clusterSettings.contactPoints[0]!.split(':');
    this.#server = createServer((near) => {
      const far = connect(Number(port), host!);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as { port: number }).port;
  }

  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

describe('CqlConnection', () => {
  const cable = new Cable();
  let fixture: KeyspaceFixture;
  let connection: CqlConnection;
  const open = (giveUpAfterMs: number) =>
    connectCql({
      ...clusterSettings,
      contactPoints: [`127.0.0.1:${cable.port}`],
      keyspace: fixture.keyspace,
      giveUpAfterMs,
    });

  beforeAll(async () => {
    fixture = await openKeyspaceFixture();
    await cable.mend();
    connection = await open(10_000);
  });
  afterAll(async () => {
    await connection.close();
    await cable.cut();
    await fixture.close();
  });

  const state = (writeTimestampUs: number) => ({
    conversationId: randomUUID(),
    snapshot: Buffer.from('state'),
    offset: 1,
    writeTimestampUs,
  });

  it('goes through an outage that is shorter than its patience, and says nothing of it', async () => {
    const store = new CqlFoldStateStore(connection, fixture.writes);
    const states = Array.from({ length: 500 }, (_, i) => state(i + 1));
    await store.save(states.slice(0, 100));
    await cable.cut();
    const saved = store.save(states.slice(100));
    const loaded = store.load(states.map(({ conversationId }) => conversationId));
    await cable.mend();
    await saved;
    expect(await loaded).toHaveLength(500);
    expect(await store.load(states.map(({ conversationId }) => conversationId))).toEqual(states);
  });

  it('gives up with `unavailable` when the outage is longer, and works again afterwards', async () => {
    const impatient = await open(200);
    const store = new CqlFoldStateStore(impatient, fixture.writes);
    await cable.cut();
    const failures = await Promise.allSettled([store.save([state(1), state(2)]), store.load([randomUUID()])]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    }
    await expect(open(200)).rejects.toMatchObject({ code: 'unavailable' });
    await cable.mend();
    const saved = state(3);
    await expect.poll(() => store.save([saved]).then(() => 'saved', String), { timeout: 10_000 }).toBe('saved');
    expect(await store.load([saved.conversationId])).toEqual([saved]);
    await impatient.close();
  });

  it('does not repeat what no repetition mends', async () => {
    const wrong = connection.read({ query: 'SELECT nothing FROM nowhere', params: [] }, 1);
    await expect(wrong).rejects.toBeInstanceOf(ParleyError);
    await expect(wrong).rejects.toMatchObject({ code: 'internal' });
  });

  it('follows short pages to the limit that was asked for', async () => {
    const store = new CqlFoldStateStore(connection, fixture.writes);
    await store.save(Array.from({ length: 6_000 }, (_, i) => state(i + 1)));
    const query = 'SELECT conversation_id FROM fold_states';
    expect((await connection.read({ query, params: [] }, Number.POSITIVE_INFINITY)).length).toBeGreaterThanOrEqual(
      6_000,
    );
    expect(await connection.read({ query, params: [] }, 5_500)).toHaveLength(5_500);
  });
});
