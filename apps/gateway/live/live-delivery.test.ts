import { randomUUID } from 'node:crypto';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { pushJobId } from '@parley/streams/push/push-jobs';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import type { FakeDevice } from '../fixtures/socket.fixture.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const pushedSeqs = (gateway: TestGateway): number[] => gateway.log.events('push_job').map(({ seq }) => seq);

/** What a device does after resync: the inbox, then pages up to the end. */
async function sync(gateway: TestGateway, device: FakeDevice, conversationId: string, afterSeq: number): Promise<void> {
  device.say('inbox', { request_id: 1, after: null, limit: 100 });
  await gateway.settle();
  let cursor = afterSeq;
  for (let more = true; more; ) {
    const request = { request_id: 2, conversation_id: conversationId, after_seq: cursor, after_at_ms: 0, limit: 100 };
    device.say('fetch', request);
    await gateway.settle();
    const page = device.of('page').at(-1)!;
    cursor = page.covered_to;
    more = page.more;
  }
}

describe('live delivery', () => {
  it('rule 17: reaches exactly the connection that is named', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const item = gateway.item(gateway.project(conversationId, 1, alice.userId), [bob]);
    const [target] = item.targets;
    const targets = [
      target!,
      { ...target!, connectionId: target!.connectionId - 1 },
      { ...target!, userId: alice.userId },
      { ...target!, deviceId: randomUUID() },
    ];
    expect(gateway.core.sink.deliver([{ ...item, targets }])).toEqual([1, 2, 3].map((at) => ({ item: 0, target: at })));
    expect(bob.liveSeqs).toEqual([1]);
  });

  it('delivers a message once, though a processor repeats itself', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const row = gateway.project(conversationId, 1, alice.userId);
    expect(gateway.route(row, [bob])).toEqual([]);
    expect(gateway.route(row, [bob])).toEqual([]);
    expect(bob.liveSeqs).toEqual([1]);
    expect(bob.connection.live!.window.size).toBe(1);
  });

  it('passes verdicts and receipts on, and makes the JSON of an item once', async () => {
    const gateway = new TestGateway();
    const { alice, conversationId } = await gateway.pair();
    const accepted = { conversation_id: conversationId, message_id: 'x', seq: 1, ordinal: 1, at_ms: 5 };
    const { userId, deviceId, connection } = alice;
    const targets = [{ userId, deviceId, connectionId: connection.connectionId }];
    const unreached = gateway.core.sink.deliver([
      { frame: encodeFrame('accepted', accepted), position: null, targets },
    ]);
    expect(unreached).toEqual([]);
    expect(alice.of('accepted')).toEqual([accepted]);
  });

  it('sends to everyone what is for everyone', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const frame = encodeFrame('resync', { reason: 'session_renewed' });
    gateway.core.sink.deliver([{ frame, position: null, targets: [], everyone: true }]);
    expect([alice.of('resync'), bob.of('resync')]).toEqual([
      [{ reason: 'session_renewed' }],
      [{ reason: 'session_renewed' }],
    ]);
  });
});

describe('catch-up', () => {
  it('rule 15: beyond the window nothing is sent or queued, and the device is asked to sync once it acknowledged', async () => {
    const gateway = new TestGateway({ liveWindow: 4 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 10, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([1, 2, 3, 4]);
    expect(bob.bufferedBytes()).toBe(0);
    expect(gateway.core.counts.messagesLeftOut).toBe(6);
    bob.say('delivered', { conversation_id: conversationId, seq: 3 });
    await gateway.settle();
    expect(bob.of('resync')).toEqual([]);
    bob.say('delivered', { conversation_id: conversationId, seq: 4 });
    await gateway.settle();
    expect(bob.of('resync')).toEqual([{ reason: 'slow_device' }]);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([1, 2, 3, 4]);
    await sync(gateway, bob, conversationId, 4);
    expect(bob.of('page').flatMap(({ messages }) => messages.map(({ seq }) => seq))).toEqual(range(5, 11));
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([1, 2, 3, 4, 12, 13]);
  });

  it('rule 15: a message that is left out counts as taken, for the store has it', async () => {
    const gateway = new TestGateway({ liveWindow: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(gateway.route(gateway.project(conversationId, 2, alice.userId), [bob])).toEqual([]);
  });

  it('rule 15: a socket that does not keep up gets one message into its buffer, then none', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    bob.isReading = false;
    gateway.publish(conversationId, 50, alice.userId, [bob]);
    expect(bob.bufferedBytes()).toBeLessThan(400);
    bob.thaw();
    expect(bob.liveSeqs).toEqual([1]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    await gateway.settle();
    expect(bob.of('resync')).toHaveLength(1);
  });

  it('rule 15: a message left out while a page is read makes the page say more, so that none falls between', async () => {
    const gateway = new TestGateway({ liveWindow: 2 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 3, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    bob.say('inbox', { request_id: 1, after: null, limit: 100 });
    await gateway.settle();
    gateway.stores.gate.shut();
    const request = { request_id: 2, conversation_id: conversationId, after_seq: 2, after_at_ms: 0, limit: 100 };
    bob.say('fetch', request);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    gateway.stores.gate.open();
    await gateway.settle();
    expect(bob.of('page')).toMatchObject([{ covered_to: 3, last_seq: 3, more: true }]);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([1, 2]);
    bob.say('fetch', { ...request, after_seq: 3 });
    await gateway.settle();
    expect(bob.of('page').at(-1)).toMatchObject({ covered_to: 5, more: false });
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([1, 2, 6]);
  });

  it('rule 13: whatever the order of routes, pages and acknowledgements, the device ends up with everything', async () => {
    for (let seed = 1; seed <= 200; seed++) await playRandomly(seed);
  });

  it('lets other conversations go on live while one waits for its pages', async () => {
    const gateway = new TestGateway({ liveWindow: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    const other = randomUUID();
    gateway.stores.conversation(other, [alice.userId, bob.userId]);
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    bob.say('inbox', { request_id: 1, after: null, limit: 100 });
    await gateway.settle();
    gateway.publish(other, 1, alice.userId, [bob]);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(bob.of('message').map(({ message }) => message.conversation_id)).toEqual([conversationId, other]);
  });

  it('leaves receipts and presence out of a full socket, and asks to sync once it has drained', async () => {
    const gateway = new TestGateway({ highWaterBytes: 200 });
    const { alice, conversationId } = await gateway.pair();
    const { userId, deviceId, connection } = alice;
    const receipt = { conversation_id: conversationId, user_id: userId, kind: 'read', seq: 1, at_ms: 5 } as const;
    const targets = [{ userId, deviceId, connectionId: connection.connectionId }];
    alice.isReading = false;
    for (let i = 0; i < 100; i++) {
      gateway.core.sink.deliver([{ frame: encodeFrame('receipt', receipt), position: null, targets }]);
    }
    expect(alice.bufferedBytes()).toBeLessThan(400);
    alice.thaw();
    expect(alice.of('resync')).toEqual([{ reason: 'slow_device' }]);
  });

  it('bounds the conversations that it keeps track of', async () => {
    const gateway = new TestGateway({ maxMarks: 8, liveWindow: 1 });
    const { alice, bob } = await gateway.pair();
    for (let i = 0; i < 100; i++) {
      const conversationId = randomUUID();
      gateway.stores.conversation(conversationId, [alice.userId, bob.userId]);
      gateway.publish(conversationId, 1, alice.userId, [bob]);
    }
    expect(bob.connection.live!.marks).toHaveLength(8);
    await gateway.settle();
    // The first is in the window; what the marks that were given up had left out went to push at once.
    expect(pushedSeqs(gateway)).toHaveLength(91);
  });
});

describe('push of what is not acknowledged', () => {
  it('rule 14: a message that is not acknowledged for 10 s goes to push, once', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    await gateway.seconds(9, bob);
    expect(pushedSeqs(gateway)).toEqual([]);
    await gateway.seconds(30, bob);
    const [row] = gateway.stores.conversations.get(conversationId)!.rows.slice(1);
    expect(gateway.log.events('push_job')).toMatchObject([
      {
        ...{ job_id: pushJobId(conversationId, 2, bob.deviceId), recipient_device_id: bob.deviceId, seq: 2 },
        ...{ sender_user_id: alice.userId, message_id: row!.messageId, message_preview: 'preview 2' },
        ...{ recipient_user_id: bob.userId, conversation_id: conversationId, reason: 'unacknowledged' },
      },
    ]);
    bob.vanish();
    await gateway.settle();
    expect(pushedSeqs(gateway)).toEqual([2]);
  });

  it('rule 14: what is unacknowledged when the connection ends goes to push before the lease is released', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 3, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    const { connection } = bob;
    gateway.log.isHeld = true;
    bob.vanish();
    await gateway.settle();
    expect(await gateway.presence.missing(connection.partition, [connection])).toEqual([]);
    gateway.log.release();
    await gateway.settle();
    expect(pushedSeqs(gateway)).toEqual([2, 3]);
    expect(await gateway.presence.missing(connection.partition, [connection])).toHaveLength(1);
  });

  it('rule 14: the newest of what was left out of a conversation goes to push as well', async () => {
    const gateway = new TestGateway({ liveWindow: 2 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 9, alice.userId, [bob]);
    await gateway.seconds(12, bob);
    expect(pushedSeqs(gateway)).toEqual([1, 2, 9]);
  });

  it('rule 14: a page that was fetched and never acknowledged is still owed a push', async () => {
    const gateway = new TestGateway({ liveWindow: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    await sync(gateway, bob, conversationId, 1);
    bob.vanish();
    await gateway.settle();
    expect(pushedSeqs(gateway)).toEqual([2]);
  });

  it('pushes nothing that was acknowledged, of own messages, or that is not for people', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    gateway.publish(conversationId, 1, bob.userId, [bob]);
    gateway.route(gateway.project(conversationId, 3, alice.userId, { messageType: 'reaction' }), [bob]);
    bob.vanish();
    await gateway.settle();
    expect(pushedSeqs(gateway)).toEqual([]);
  });

  it('tries again while the log is away, under the same ids, and keeps the lease until then', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    const { connection } = bob;
    gateway.log.failure = 'log_unavailable';
    bob.vanish();
    await gateway.seconds(3);
    expect(await gateway.presence.missing(connection.partition, [connection])).toEqual([]);
    gateway.log.failure = null;
    await gateway.seconds(2);
    expect(pushedSeqs(gateway)).toEqual([1]);
    expect(await gateway.presence.missing(connection.partition, [connection])).toHaveLength(1);
  });

  it('asks a device that lets messages expire to sync', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    await gateway.seconds(12, bob);
    expect(bob.of('resync')).toEqual([{ reason: 'slow_device' }]);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([1]);
  });
});

/** A device that takes, acknowledges, freezes, fetches and syncs at random must end with every message, as the protocol says. */
async function playRandomly(seed: number): Promise<void> {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const gateway = new TestGateway({ liveWindow: 1 + random(4) });
  const { alice, bob, conversationId } = await gateway.pair();
  const device = new RandomDevice(gateway, bob, conversationId);
  for (let step = 0; step < 60; step++) {
    switch (random(7)) {
      case 0:
      case 1:
        gateway.publish(conversationId, 1 + random(3), alice.userId, [bob]);
        break;
      case 2:
        device.acknowledge();
        break;
      case 3:
        bob.isReading = false;
        break;
      case 4:
        if (!bob.isReading) bob.thaw();
        break;
      case 5:
        if (random(2) === 0) gateway.stores.gate.shut();
        else gateway.stores.gate.open();
        break;
      default:
        await gateway.settle();
    }
    await device.react();
  }
  gateway.stores.gate.open();
  if (!bob.isReading) bob.thaw();
  for (let round = 0; round < 20; round++) {
    await device.react();
    device.acknowledge();
    await gateway.seconds(1, bob);
  }
  const last = gateway.stores.conversations.get(conversationId)!.rows.length;
  expect({ seed, cursor: device.cursor }).toEqual({ seed, cursor: last });
}

/** Keeps a cursor as docs/PROTOCOL.md says. */
class RandomDevice {
  cursor = 0;
  readonly #gateway: TestGateway;
  readonly #device: FakeDevice;
  readonly #conversationId: string;
  readonly #buffer = new Set<number>();
  #handled = 0;
  #isFetching = false;

  constructor(gateway: TestGateway, device: FakeDevice, conversationId: string) {
    this.#gateway = gateway;
    this.#device = device;
    this.#conversationId = conversationId;
  }

  acknowledge(): void {
    if (this.cursor > 0) this.#device.say('delivered', { conversation_id: this.#conversationId, seq: this.cursor });
  }

  async react(): Promise<void> {
    await this.#gateway.settle();
    const { frames } = this.#device;
    for (; this.#handled < frames.length; this.#handled++) {
      const frame = frames[this.#handled]!;
      if (frame.name === 'message') this.#live(frame.body.message.seq);
      if (frame.name === 'resync') this.#device.say('inbox', { request_id: 1, after: null, limit: 100 });
      if (frame.name === 'inbox_page' && (frame.body.entries[0]?.last_seq ?? 0) > this.cursor) this.#fetch();
      if (frame.name === 'page') {
        this.#isFetching = false;
        if (frame.body.covered_from <= this.cursor + 1) this.cursor = Math.max(this.cursor, frame.body.covered_to);
        this.#advance();
        if (frame.body.more || this.#buffer.size > 0) this.#fetch();
      }
    }
  }

  #live(seq: number): void {
    if (seq > this.cursor) this.#buffer.add(seq);
    this.#advance();
    if (this.#buffer.size > 0) this.#fetch();
  }

  #advance(): void {
    while (this.#buffer.delete(this.cursor + 1)) this.cursor++;
    for (const seq of this.#buffer) if (seq <= this.cursor) this.#buffer.delete(seq);
  }

  #fetch(): void {
    if (this.#isFetching) return;
    this.#isFetching = true;
    const request = { request_id: 2, conversation_id: this.#conversationId, after_at_ms: 0, limit: 100 };
    this.#device.say('fetch', { ...request, after_seq: this.cursor });
  }
}
