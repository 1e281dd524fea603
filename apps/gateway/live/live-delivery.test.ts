import { randomUUID } from 'node:crypto';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { topics } from '@parley/streams/log/topics';
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

  it('does not keep a device asking for what its pages never come to cover', async () => {
    const gateway = new TestGateway({ liveWindow: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    bob.say('inbox', { request_id: 1, after: null, limit: 100 });
    gateway.stores.conversations.get(conversationId)!.rows.length = 0;
    let asked = 0;
    do {
      bob.say('fetch', { request_id: 2, conversation_id: conversationId, after_seq: 0, after_at_ms: 0, limit: 9 });
      await gateway.settle();
    } while (bob.of('page').at(-1)!.more && ++asked < 100);
    expect(asked).toBeLessThan(20);
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
    const isReleased = async () => (await gateway.presence.missing(connection.partition, [connection])).length > 0;
    gateway.log.heldTopic = topics.pushJobs;
    bob.vanish();
    await gateway.settle();
    expect(await isReleased()).toBe(false);
    gateway.log.release();
    await gateway.settle();
    expect(pushedSeqs(gateway)).toEqual([2, 3]);
    expect(await isReleased()).toBe(true);
  });

  it('rule 14: keeps the lease, for its sweep, when there is no room for the push jobs', async () => {
    const gateway = new TestGateway({ maxPushJobs: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    const { connection } = bob;
    bob.vanish();
    await gateway.settle();
    expect(await gateway.presence.missing(connection.partition, [connection])).toEqual([]);
    expect((await gateway.sessions.lookup([bob.userId]))[0]).toEqual([]);
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
