import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { WireMessage } from '@parley/schemas/generated/wire';
import { messageIdTimeMs } from '@parley/schemas/identity/message-id';
import { describe, expect, it } from 'vitest';
import { ParleyClient } from './client.ts';
import { alice, bob, conversation, device, fromBob, Server } from './server.fixture.ts';
import { MemoryCursorStore, MemoryOutboxStore } from './stores.ts';

async function setUp(options: { skewMs?: number; log?: WireMessage[] } = {}) {
  const time = new VirtualTime(1_700_000_000_000);
  const server = new Server(time);
  server.skewMs = options.skewMs ?? 0;
  server.log = options.log ?? [];
  const cursors = new MemoryCursorStore();
  let seed = 1;
  const random = {
    next: () => 0.5,
    bytes: (length: number) =>
      Uint8Array.from({ length }, () => {
        seed = (seed * 75 + 74) % 65537;
        return seed & 255;
      }),
  };
  const taken: number[] = [];
  const client = new ParleyClient({
    urls: ['ws://one', 'ws://two'],
    credentials: { userId: alice, accessToken: async () => 'token' },
    deviceId: device,
    transport: server,
    cursors,
    outbox: new MemoryOutboxStore(),
    clock: time,
    timers: time,
    random,
    take: (_id, messages) => {
      taken.push(...messages.map((one) => one.seq));
    },
  });
  await client.start();
  await settle(100);
  return { time, server, client, cursors, taken };
}

const send = (client: ParleyClient) => client.send({ peerId: bob, encryptedBody: Buffer.from('hi') });

describe('ParleyClient', () => {
  it('rule 1: sends the same id again after a reconnect, until the verdict', async () => {
    const { time, server, client } = await setUp();
    const { messageId, verdict } = await send(client);
    await settle(100);
    server.close(1006);
    await time.advance(2_000);
    expect(server.sends().map((frame) => frame.message_id)).toEqual([messageId, messageId]);
    server.tell('accepted', {
      conversation_id: conversation,
      message_id: messageId,
      seq: 1,
      ordinal: 1,
      at_ms: time.nowMs(),
    });
    expect(await verdict).toMatchObject({ kind: 'accepted', seq: 1 });
    server.close(1006);
    await time.advance(2_000);
    expect(server.sends()).toHaveLength(2);
  });

  it('rule 1: sends the same id again after 10 s with neither appended nor a verdict, not sooner', async () => {
    const { time, server, client } = await setUp();
    const { messageId } = await send(client);
    await time.advance(9_000);
    expect(server.sends()).toHaveLength(1);
    await time.advance(2_000);
    expect(server.sends().map((frame) => frame.message_id)).toEqual([messageId, messageId]);
    server.tell('appended', { conversation_id: conversation, message_id: messageId });
    await time.advance(20_000);
    expect(server.sends()).toHaveLength(2);
  });

  it('rule 3: makes ids by the server clock that hello told', async () => {
    const { time, server, client } = await setUp({ skewMs: 60_000 });
    await send(client);
    await settle(100);
    expect(messageIdTimeMs(server.sends()[0]!.message_id)).toBe(time.nowMs() + 60_000);
  });

  it('rule 3: after out_of_window takes a new id only when a sync does not show the old one', async () => {
    const { server, client } = await setUp();
    const { messageId, verdict } = await send(client);
    await settle(100);
    server.tell('refused', { conversation_id: conversation, message_id: messageId, code: 'out_of_window' });
    await settle(200);
    const [first, second] = server.sends();
    expect(first!.message_id).toBe(messageId);
    expect(second!.message_id).not.toBe(messageId);
    expect(server.of('fetch').length).toBeGreaterThan(0);
    server.tell('accepted', {
      conversation_id: conversation,
      message_id: second!.message_id,
      seq: 1,
      ordinal: 1,
      at_ms: 5,
    });
    expect(await verdict).toMatchObject({ kind: 'accepted', messageId: second!.message_id });
  });

  it('rule 3: an old id that the sync shows is its verdict', async () => {
    const { server, client } = await setUp();
    const { messageId, verdict } = await send(client);
    await settle(100);
    server.log = [{ ...fromBob(1), message_id: messageId, sender_id: alice, sender_device_id: device }];
    server.tell('refused', { conversation_id: conversation, message_id: messageId, code: 'out_of_window' });
    expect(await verdict).toMatchObject({ kind: 'accepted', seq: 1 });
    expect(server.sends()).toHaveLength(1);
  });

  it('syncs what was missed, page by page, and acknowledges after the application has it', async () => {
    const { server, taken, cursors } = await setUp({ log: [1, 2, 3, 4, 5].map(fromBob) });
    await settle(200);
    expect(taken).toEqual([1, 2, 3, 4, 5]);
    expect(await cursors.load()).toEqual([{ conversationId: conversation, seq: 5, atMs: 1_000_005 }]);
    expect(server.of('delivered').at(-1)).toEqual({ conversation_id: conversation, seq: 5 });
  });

  it('rule 13: repairs a gap by fetching from the cursor', async () => {
    const { server, taken } = await setUp({ log: [fromBob(1)] });
    await settle(200);
    server.log = [1, 2, 3].map(fromBob);
    server.tell('message', { message: fromBob(3) });
    await settle(200);
    expect(taken).toEqual([1, 2, 3]);
  });

  it('says delivered again after a reconnect, for the first may be lost', async () => {
    const { time, server } = await setUp();
    server.log = [fromBob(1)];
    server.tell('message', { message: fromBob(1) });
    await settle(100);
    expect(server.of('delivered')).toHaveLength(1);
    server.close(1006);
    await time.advance(2_000);
    await settle(200);
    expect(server.of('delivered')).toHaveLength(2);
  });

  it('rule 18: says delivered again after a silence, however long it took to notice it', async () => {
    const { time, server } = await setUp();
    server.tell('message', { message: fromBob(1) });
    await settle(100);
    await time.advance(50_000);
    // Whoever was cut off without a word tries in vain for a while before it finds a server again.
    for (let tries = 0; tries < 20; tries++) {
      server.close(1006);
      await time.advance(2_000);
    }
    server.log = [fromBob(1)];
    await time.advance(20_000);
    expect(server.of('delivered').length).toBeGreaterThan(1);
  });

  it('says no delivered again that came before a ping that was answered', async () => {
    const { time, server } = await setUp();
    server.tell('message', { message: fromBob(1) });
    for (let pings = 1; pings <= 2; pings++) {
      await time.advance(31_000);
      const { client_time_ms } = server.of('ping').at(-1)!;
      server.tell('pong', { client_time_ms, server_time_ms: time.nowMs() });
    }
    server.log = [fromBob(1)];
    server.close(1006);
    await time.advance(5_000);
    expect(server.connections).toBe(2);
    expect(server.of('delivered')).toHaveLength(1);
  });

  it('does not acknowledge messages that the application did not take', async () => {
    const time = new VirtualTime(1_700_000_000_000);
    const server = new Server(time);
    server.log = [fromBob(1)];
    const cursors = new MemoryCursorStore();
    const client = new ParleyClient({
      urls: ['ws://one'],
      credentials: { userId: alice, accessToken: async () => 'token' },
      deviceId: device,
      transport: server,
      cursors,
      outbox: new MemoryOutboxStore(),
      clock: time,
      timers: time,
      random: { next: () => 0.5, bytes: (length) => new Uint8Array(length) },
      take: () => Promise.reject(new Error('disk full')),
    });
    await client.start();
    await settle(300);
    expect(server.of('delivered')).toEqual([]);
    expect(await cursors.load()).toEqual([]);
  });

  it('shows sent, delivered and read of an own message, each once', async () => {
    const { server, client } = await setUp();
    const statuses: string[] = [];
    client.on('status', ({ status }) => statuses.push(status));
    const { messageId } = await send(client);
    await settle(100);
    server.tell('accepted', { conversation_id: conversation, message_id: messageId, seq: 1, ordinal: 1, at_ms: 5 });
    for (const kind of ['delivered', 'delivered', 'read', 'delivered'] as const) {
      server.tell('receipt', { conversation_id: conversation, user_id: bob, kind, seq: 1, at_ms: 6 });
    }
    expect(statuses).toEqual(['sent', 'delivered', 'read']);
  });

  it('postpones a rate-limited send under the same id', async () => {
    const { time, server, client } = await setUp();
    const { messageId } = await send(client);
    await settle(100);
    server.tell('error', {
      code: 'rate_limited',
      message: '',
      request_id: null,
      message_id: messageId,
      retry_after_ms: 3_000,
    });
    await time.advance(2_400);
    expect(server.sends()).toHaveLength(1);
    await time.advance(1_200);
    expect(server.sends().map((frame) => frame.message_id)).toEqual([messageId, messageId]);
  });

  it('sends the same id again after a refusal that is not for ever', async () => {
    const { time, server, client } = await setUp();
    const { messageId } = await send(client);
    await settle(100);
    server.tell('refused', { conversation_id: conversation, message_id: messageId, code: 'conversation_busy' });
    await time.advance(2_000);
    expect(server.sends().map((frame) => frame.message_id)).toEqual([messageId, messageId]);
  });

  it('keeps the order of sends when the server puts one off, and bounds what is under way', async () => {
    const { time, server, client } = await setUp();
    const ids: string[] = [];
    for (let index = 0; index < 70; index++) ids.push((await send(client)).messageId);
    await settle(200);
    expect(server.sends().map((frame) => frame.message_id)).toEqual(ids.slice(0, 64));
    for (const id of ids.slice(0, 10)) server.tell('appended', { conversation_id: conversation, message_id: id });
    await settle(200);
    expect(server.sends().map((frame) => frame.message_id)).toEqual(ids);
    for (const messageId of ids.slice(10)) {
      server.tell('error', {
        code: 'overloaded',
        message: '',
        request_id: null,
        message_id: messageId,
        retry_after_ms: 1_000,
      });
    }
    const late = (await send(client)).messageId;
    await settle(200);
    expect(server.sends()).toHaveLength(70);
    await time.advance(1_600);
    for (const id of ids.slice(10, 20)) server.tell('appended', { conversation_id: conversation, message_id: id });
    await time.advance(1_000);
    expect(
      server
        .sends()
        .slice(70)
        .map((frame) => frame.message_id),
    ).toEqual([...ids.slice(10), late]);
  });

  it('keeps the order of messages that waited so long for the line that they need new ids', async () => {
    const { time, server, client } = await setUp();
    server.close(1006);
    const bodies = Array.from({ length: 70 }, (_, index) => `waits ${index}`);
    for (const body of bodies) await client.send({ peerId: bob, encryptedBody: Buffer.from(body) });
    await time.advance(400);
    for (let round = 0; round < 8; round++) {
      await time.advance(6_000);
      for (const { message_id, conversation_id } of server.sends())
        server.tell('appended', { conversation_id, message_id });
    }
    const first = new Map(
      server
        .sends()
        .toReversed()
        .map((frame) => [frame.encrypted_body.toString(), frame.message_id]),
    );
    const order = [...new Set(server.sends().map((frame) => frame.encrypted_body.toString()))];
    expect(order).toEqual(bodies);
    expect(first.size).toBe(70);
  });

  it('ends when a newer connection of the device took over', async () => {
    const { time, server, client } = await setUp();
    const ended: string[] = [];
    client.on('ended', ({ code }) => ended.push(code));
    server.close(4409, 'superseded');
    await time.advance(5_000);
    expect(ended).toEqual([]); // So soon after its start it may have been an attempt of its own.
    server.close(4409, 'superseded');
    await time.advance(60_000);
    expect(ended).toEqual(['superseded']);
    expect(server.connections).toBe(2);
  });

  it('reconnects when the server is silent beyond the heartbeat timeout', async () => {
    const { time, server } = await setUp();
    await time.advance(95_000);
    expect(server.of('ping').length).toBeGreaterThanOrEqual(1);
    expect(server.connections).toBe(2);
  });

  it('says again what was read, after a reconnect, until the inbox shows it', async () => {
    const { time, server, client } = await setUp({ log: [fromBob(1)] });
    const { message_id: messageId } = fromBob(1);
    client.markRead(conversation, 1, messageId);
    await settle(100);
    expect(client.list.get(conversation)).toMatchObject({ unreadCount: 0 });
    server.close(1006);
    await time.advance(2_000);
    expect(server.of('read')).toHaveLength(2);
    server.readSeq = 1;
    for (let count = 0; count < 2; count++) {
      server.close(1006);
      await time.advance(2_000);
    }
    expect(server.of('read')).toHaveLength(2);
  });
});
