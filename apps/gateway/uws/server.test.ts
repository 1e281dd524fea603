import { randomUUID } from 'node:crypto';
import { MemoryPresenceStore } from '@parley/projections/presence/store.memory';
import { MemorySessionStore } from '@parley/projections/sessions/store.memory';
import { decodeFrame, encodeFrame, type Frame, subprotocols } from '@parley/schemas/codec/frame-codec';
import { systemClock, systemRandom, systemTimers } from '@parley/schemas/environment/system';
import type { FrameName, FrameTypes } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { InProcessLink } from '@parley/streams/delivery/link.in-process';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { FakeTokens } from '../fixtures/gateway.fixture.ts';
import { codec, FakeLog } from '../fixtures/log.fixture.ts';
import { FakePrivacy } from '../fixtures/privacy.fixture.ts';
import { FakeStores } from '../fixtures/stores.fixture.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { defaultGatewaySettings } from '../settings.ts';

class Client {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | null = null;
  refused: { status: number; body: string } | null = null;

  constructor(url: string, protocols: string[], headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, protocols, { headers });
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.frames.push(decodeFrame(data));
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => {
        this.refused = { status: response.statusCode ?? 0, body };
      });
    });
    this.socket.on('error', () => undefined); // Each is followed by close.
  }

  send<N extends FrameName>(name: N, body: FrameTypes[N]): void {
    this.socket.send(encodeFrame(name, body));
  }

  of<N extends FrameName>(name: N): FrameTypes[N][] {
    return this.frames.flatMap((frame) => (frame.name === name ? [frame.body as FrameTypes[N]] : []));
  }
}

const until = (holds: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(holds()).toBe(true), { timeout: 10_000, interval: 5 });

describe('a gateway on the network', () => {
  const stores = new FakeStores();
  const sessions = new MemorySessionStore({ clock: systemClock });
  const tokens = new FakeTokens();
  const clients: Client[] = [];
  let log: FakeLog;
  let gateway: Gateway;
  let retryAfterMs = 0;

  beforeEach(async () => {
    log = new FakeLog();
    retryAfterMs = 0;
    gateway = await createGateway(
      {
        ...{ log, codec, sessions, presence: new MemoryPresenceStore(), members: stores, messages: stores },
        revocations: sessions.revocations,
        ...{ inbox: stores.inbox, receipts: stores.receipts, history: stores, users: stores.users, tokens },
        dataKeys: new MemoryDataKeys(systemClock),
        ...{ limiter: { take: () => retryAfterMs }, pushJobs: new PushJobQueue({ log, codec, clock: systemClock }) },
        ...{ privacy: new FakePrivacy().cached(systemClock), link: new InProcessLink() },
        ...{ clock: systemClock, timers: systemTimers, random: systemRandom },
        ...{ logger: pino({ level: 'silent' }), metrics: new Registry() },
      },
      defaultGatewaySettings('gateway-1'),
    );
    await gateway.listen(0);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate();
    await gateway.close();
  });

  const address = (query = ''): string => `ws://127.0.0.1:${gateway.port}/v1/connect${query}`;

  function tokenOf(userId: string, deviceId: string): string {
    const token = `${userId}.${deviceId}`;
    tokens.principals.set(token, { userId, deviceId, expiresAtMs: Date.now() + 60_000 });
    stores.knownUsers.add(userId);
    return token;
  }

  function open(protocols: string[], headers: Record<string, string> = {}, query = ''): Client {
    const client = new Client(address(query), protocols, headers);
    clients.push(client);
    return client;
  }

  async function connect(userId: string, deviceId: string = randomUUID()): Promise<Client> {
    const headers = { authorization: `Bearer ${tokenOf(userId, deviceId)}` };
    const client = open([subprotocols.avro], headers, `?user_id=${userId}`);
    await until(() => client.of('hello').length > 0);
    return client;
  }

  it('upgrades with a header or a subprotocol, names the protocol, and says hello', async () => {
    const userId = randomUUID();
    const client = await connect(userId);
    expect(client.socket.protocol).toBe('parley.v1.avro');
    expect(client.of('hello')[0]).toMatchObject({ user_id: userId, gateway_id: 'gateway-1' });
    const browser = open(['parley.v1.avro', `bearer.${tokenOf(userId, randomUUID())}`]);
    await until(() => browser.of('hello').length > 0);
    expect(browser.socket.protocol).toBe('parley.v1.avro');
  });

  it('speaks JSON in text messages', async () => {
    const client = open(['parley.v1.json', `bearer.${tokenOf(randomUUID(), randomUUID())}`]);
    const texts: string[] = [];
    client.socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) texts.push(data.toString());
    });
    await until(() => texts.length > 0);
    expect(JSON.parse(texts[0]!)).toMatchObject({ frame: 'hello' });
    client.socket.send(JSON.stringify({ frame: 'ping', client_time_ms: 7 }));
    await until(() => texts.length > 1);
    expect(JSON.parse(texts[1]!)).toMatchObject({ frame: 'pong', client_time_ms: 7 });
  });

  it('refuses with an ordinary answer that carries the code', async () => {
    const userId = randomUUID();
    const good = tokenOf(userId, randomUUID());
    const revokedDevice = randomUUID();
    await sessions.revokeDevice({ userId: 'revoked', deviceId: revokedDevice }, 60_000);
    const cases: [string[], Record<string, string>, string, number, string][] = [
      [[subprotocols.avro], {}, '', 401, 'unauthenticated'],
      [[subprotocols.avro], { authorization: 'Bearer wrong' }, '', 401, 'unauthenticated'],
      [[subprotocols.avro, 'bearer.wrong'], {}, '', 401, 'unauthenticated'],
      [[subprotocols.avro], { authorization: `Bearer ${good}` }, `?user_id=${randomUUID()}`, 401, 'unauthenticated'],
      [['graphql-ws'], { authorization: `Bearer ${good}` }, '', 400, 'unsupported_protocol'],
      [[], { authorization: `Bearer ${good}` }, '', 400, 'unsupported_protocol'],
      [[subprotocols.avro, `bearer.${tokenOf(userId, revokedDevice)}`], {}, '', 401, 'device_revoked'],
    ];
    for (const [protocols, headers, query, status, code] of cases) {
      const client = open(protocols, headers, query);
      await until(() => client.refused !== null);
      expect(client.refused!.status).toBe(status);
      expect(JSON.parse(client.refused!.body)).toMatchObject({ error: { code } });
    }
    const { port } = gateway;
    expect((await fetch(`http://127.0.0.1:${port}/v1/connect`)).status).toBe(404);
  });

  it('answers probes, and is not ready while the log is not', async () => {
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${gateway.port}${path}`)).status;
    expect(await status('/healthz')).toBe(200);
    expect(await status('/readyz')).toBe(200);
    log.refusal = 'timestamp_ahead';
    expect(await status('/readyz')).toBe(503);
    expect(gateway.isReady()).toBe(false);
    expect(await status('/anything')).toBe(404);
  });

  it('closes a connection whose message is too large, and only that', async () => {
    const [one, other] = [await connect(randomUUID()), await connect(randomUUID())];
    one.socket.send(Buffer.alloc(128 * 1024));
    await until(() => one.of('error').length > 0);
    expect(one.closed).toBeNull();
    one.socket.send(Buffer.alloc(128 * 1024 + 1));
    await until(() => one.closed !== null);
    expect([1006, 1009]).toContain(one.closed!.code);
    other.send('ping', { client_time_ms: 1 });
    await until(() => other.of('pong').length > 0);
  });

  it('takes a send, tells appended, and delivers what a processor routes', async () => {
    const [aliceId, bobId] = [randomUUID(), randomUUID()];
    const conversationId = directConversationId(aliceId, bobId);
    const bobDevice = randomUUID();
    const [alice, bob] = [await connect(aliceId), await connect(bobId, bobDevice)];
    const messageId = makeMessageId(Date.now(), systemRandom);
    const message = {
      ...{ conversation_id: conversationId, message_id: messageId, message_type: 'text' as const },
      ...{ encrypted_body: Buffer.alloc(65_536, 7), preview: null, media_url: null, thumbnail_url: null },
      ...{ reply_to: null, target_id: null, timer_seconds: 0, mls: null },
    };
    alice.send('send', { ...message, peer_id: bobId });
    await until(() => alice.of('appended').length > 0);
    const { timer_seconds: _, ...shown } = message;
    const wire = {
      ...shown,
      seq: 1,
      ordinal: 1,
      sender_id: aliceId,
      sender_device_id: randomUUID(),
      at_ms: 1,
      system: null,
      expires_at_ms: null,
    };
    const { connection_id: connectionId } = bob.of('hello')[0]!;
    gateway.sink.deliver([
      {
        frame: encodeFrame('message', { message: wire }),
        position: { conversationId, seq: 1, atMs: 1 },
        targets: [{ userId: bobId, deviceId: bobDevice, connectionId }],
      },
    ]);
    await until(() => bob.of('message').length > 0);
    expect(bob.of('message')[0]!.message).toEqual(wire);
  });

  it('rule 15: a device that does not read makes neither the gateway grow nor others wait', async () => {
    const [aliceId, bobId] = [randomUUID(), randomUUID()];
    const conversationId = directConversationId(aliceId, bobId);
    const slowDevice = randomUUID();
    const slow = await connect(bobId, slowDevice);
    const { connection_id: connectionId } = slow.of('hello')[0]!;
    slow.socket.pause();
    const body = Buffer.alloc(60_000, 1);
    const before = process.memoryUsage().rss;
    for (let seq = 1; seq <= 5_000; seq++) {
      const message = {
        ...{ conversation_id: conversationId, seq, ordinal: seq, message_id: makeMessageId(Date.now(), systemRandom) },
        ...{ sender_id: aliceId, sender_device_id: randomUUID(), message_type: 'text' as const, encrypted_body: body },
        ...{
          preview: null,
          media_url: null,
          thumbnail_url: null,
          reply_to: null,
          target_id: null,
          system: null,
          mls: null,
          expires_at_ms: null,
          at_ms: 1,
        },
      };
      const targets = [{ userId: bobId, deviceId: slowDevice, connectionId }];
      const position = { conversationId, seq, atMs: 1 };
      const unreached = gateway.sink.deliver([{ frame: encodeFrame('message', { message }), position, targets }]);
      expect(unreached).toEqual([]);
    }
    // 300 MB were routed to it.
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    slow.socket.resume();
    await until(() => slow.of('message').length > 0);
    for (let acknowledged = 0; slow.of('resync').length === 0; ) {
      const newest = slow.of('message').at(-1)!.message.seq;
      if (newest > acknowledged) slow.send('delivered', { conversation_id: conversationId, seq: newest });
      acknowledged = newest;
      slow.send('ping', { client_time_ms: 0 });
      const pongs = slow.of('pong').length;
      await until(() => slow.of('pong').length > pongs);
    }
    expect(slow.of('message').length).toBeLessThanOrEqual(64);
    expect(slow.closed).toBeNull();
  });

  it('ends a connection that causes answers and never reads them', { timeout: 30_000 }, async () => {
    const client = await connect(randomUUID());
    client.socket.pause();
    retryAfterMs = 1_000;
    const send = encodeFrame('send', {
      ...{ conversation_id: randomUUID(), peer_id: null, message_id: makeMessageId(Date.now(), systemRandom) },
      ...{ message_type: 'text', encrypted_body: Buffer.alloc(0), preview: null, media_url: null },
      ...{ thumbnail_url: null, reply_to: null, target_id: null, timer_seconds: 0, mls: null },
    });
    const ended = () => log.records.some(({ key }) => key === client.of('hello')[0]!.user_id && log.records.length > 1);
    for (let round = 0; round < 200 && !ended(); round++) {
      for (let i = 0; i < 1_000; i++) client.socket.send(send);
      await new Promise((resolve) => client.socket.send(send, resolve));
    }
    await until(ended);
    expect(log.events('presence_changed').at(-1)).toMatchObject({ status: 'offline' });
  });

  it('drains: not ready, go_away, then 4503', async () => {
    const client = await connect(randomUUID());
    const draining = gateway.drain();
    await until(() => client.closed !== null);
    expect(client.of('go_away')).toHaveLength(1);
    expect(client.closed).toEqual({ code: 4503, reason: 'going_away' });
    await draining;
    expect(gateway.isReady()).toBe(false);
  });

  it('notices a connection that breaks', async () => {
    const userId = randomUUID();
    const client = await connect(userId);
    client.socket.terminate();
    await until(() => log.events('presence_changed').some(({ status }) => status === 'offline'));
    await vi.waitFor(async () => expect((await sessions.lookup([userId]))[0]).toEqual([]));
  });
});
