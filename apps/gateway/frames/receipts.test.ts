import { randomUUID } from 'node:crypto';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { topics } from '@parley/streams/log/topics';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';

const watermarks = (gateway: TestGateway) =>
  gateway.log.events('receipt_advanced').map(({ kind, seq, ordinal }) => [kind, seq, ordinal]);

describe('delivered', () => {
  it('appends the watermark with the key of its device, in the partition of its conversation', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    await gateway.time.advance(500);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    await gateway.settle();
    const record = gateway.log.records.find(({ topic }) => topic === topics.receipts);
    expect(record).toMatchObject({
      ...{ key: `${conversationId}:${bob.userId}:delivered:${bob.deviceId}`, partitionKey: conversationId },
    });
    expect(gateway.log.events('receipt_advanced')).toEqual([
      {
        ...{ conversation_id: conversationId, user_id: bob.userId, device_id: bob.deviceId, kind: 'delivered' },
        ...{ seq: 1, ordinal: 0, at_ms: gateway.time.nowMs() },
      },
    ]);
  });

  it('rule 18: needs no read for what it delivered itself', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    expect(gateway.stores.gate.reads).toEqual([]);
  });

  it('rule 18: takes none above what it has seen projected', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    await gateway.settle();
    expect(bob.errorCodes).toEqual(['invalid_request']);
    expect(watermarks(gateway)).toEqual([]);
    // Its projection came to pass: the inbox row says so.
    gateway.project(conversationId, 2, alice.userId);
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    await gateway.settle();
    expect(watermarks(gateway)).toEqual([['delivered', 2, 0]]);
  });

  it('rule 18: takes none from one who never was a member, none beyond what a former member may see', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    for (const seq of [1, 2, 3]) gateway.project(conversationId, seq, alice.userId);
    const carol = await gateway.device();
    carol.say('delivered', { conversation_id: conversationId, seq: 1 });
    gateway.stores.leave(conversationId, bob.userId, 3);
    bob.say('delivered', { conversation_id: conversationId, seq: 3 });
    await gateway.settle();
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    await gateway.settle();
    expect(carol.errorCodes).toEqual(['not_a_member']);
    expect(bob.errorCodes).toEqual(['invalid_request']);
    expect(watermarks(gateway)).toEqual([['delivered', 2, 0]]);
  });

  it('rule 18: takes no page for more than the conversation has, whatever cursor it was asked with', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.project(conversationId, 1, alice.userId);
    bob.say('fetch', { request_id: 1, conversation_id: conversationId, after_seq: 50, after_at_ms: 9, limit: 9 });
    await gateway.settle();
    bob.say('delivered', { conversation_id: conversationId, seq: 50 });
    await gateway.settle();
    expect(bob.errorCodes).toEqual(['invalid_request']);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    expect(bob.liveSeqs).toEqual([2]);
  });

  it('rule 18: coalesces per second: the first at once, the rest merged into one', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    for (let seq = 1; seq <= 20; seq++) {
      gateway.publish(conversationId, 1, alice.userId, [bob]);
      bob.say('delivered', { conversation_id: conversationId, seq });
    }
    await gateway.settle();
    expect(watermarks(gateway)).toEqual([['delivered', 1, 0]]);
    await gateway.seconds(1);
    expect(watermarks(gateway)).toEqual([
      ['delivered', 1, 0],
      ['delivered', 20, 0],
    ]);
    await gateway.seconds(5);
    expect(watermarks(gateway)).toHaveLength(2);
  });

  it('rule 18: never goes back, within a connection and from one to the next', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 5, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 5 });
    bob.say('delivered', { conversation_id: conversationId, seq: 3 });
    await gateway.seconds(2);
    const stored = { deviceId: bob.deviceId, kind: 'delivered', seq: 5 } as const;
    const ofOther = { deviceId: randomUUID(), kind: 'delivered', seq: 1 } as const;
    gateway.stores.watermarkRows.set(`${conversationId}/${bob.userId}`, [stored, ofOther]);
    const again = await gateway.device(bob.userId, bob.deviceId);
    gateway.publish(conversationId, 3, alice.userId, [again]);
    again.say('delivered', { conversation_id: conversationId, seq: 4 });
    again.say('delivered', { conversation_id: conversationId, seq: 6 });
    await gateway.seconds(2);
    expect(watermarks(gateway)).toEqual([
      ['delivered', 5, 0],
      ['delivered', 6, 0],
    ]);
  });

  it('says what is pending when the connection ends', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 3 });
    bob.vanish();
    await gateway.settle();
    expect(watermarks(gateway)).toEqual([
      ['delivered', 2, 0],
      ['delivered', 3, 0],
    ]);
  });

  it('says again what the log refused, the newest only, and of ended connections too', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    gateway.log.failure = 'log_unavailable';
    bob.say('delivered', { conversation_id: conversationId, seq: 1 });
    await gateway.settle();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    await gateway.seconds(2);
    gateway.log.failure = null;
    await gateway.seconds(2);
    expect(watermarks(gateway)).toEqual([['delivered', 2, 0]]);
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    gateway.log.refusal = 'queue_full';
    bob.say('delivered', { conversation_id: conversationId, seq: 3 });
    bob.vanish();
    await gateway.seconds(2);
    gateway.log.refusal = null;
    await gateway.seconds(2);
    expect(watermarks(gateway).at(-1)).toEqual(['delivered', 3, 0]);
  });

  it('takes the acknowledgement of an own message, whose place the verdict told, without a read', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 1, alice.userId, [bob]);
    const accepted = { conversation_id: conversationId, message_id: 'x', seq: 2, ordinal: 2, at_ms: 5 };
    const targets = gateway.item(gateway.project(conversationId, 2, bob.userId), [bob]).targets;
    gateway.core.sink.deliver([{ frame: encodeFrame('accepted', accepted), position: null, targets }]);
    bob.say('delivered', { conversation_id: conversationId, seq: 2 });
    await gateway.settle();
    expect(gateway.stores.gate.reads).toEqual([]);
    expect(watermarks(gateway)).toEqual([['delivered', 2, 0]]);
  });

  it.each([
    ['a conversation that is no UUID', { conversation_id: 'x', seq: 1 }],
    ['a negative seq', { conversation_id: randomUUID(), seq: -1 }],
  ])('answers %s with invalid_request', async (_what, frame) => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    device.say('delivered', frame);
    await gateway.settle();
    expect(device.errorCodes).toEqual(['invalid_request']);
  });
});

describe('read', () => {
  it('takes seq and ordinal from the row that it names', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const row = gateway.project(conversationId, 4, alice.userId, { ordinal: 3 });
    bob.say('read', { conversation_id: conversationId, seq: 4, message_id: row.messageId });
    await gateway.settle();
    expect(watermarks(gateway)).toEqual([['read', 4, 3]]);
  });

  it('rule 18: never goes back to an old message of which this connection knows nothing else', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const [old, newer] = [3, 13].map((seq) => gateway.project(conversationId, seq, alice.userId, { ordinal: seq }));
    const stored = { deviceId: bob.deviceId, kind: 'read', seq: 12 } as const;
    gateway.stores.watermarkRows.set(`${conversationId}/${bob.userId}`, [stored]);
    bob.say('read', { conversation_id: conversationId, seq: 3, message_id: old!.messageId });
    await gateway.seconds(2);
    expect(watermarks(gateway)).toEqual([]);
    bob.say('read', { conversation_id: conversationId, seq: 13, message_id: newer!.messageId });
    await gateway.seconds(2);
    expect(watermarks(gateway)).toEqual([['read', 13, 13]]);
  });

  it('needs no read for the newest message that it delivered itself', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const row = gateway.project(conversationId, 4, alice.userId, { ordinal: 3 });
    gateway.route(row, [bob]);
    bob.say('read', { conversation_id: conversationId, seq: 4, message_id: row.messageId });
    await gateway.settle();
    expect(gateway.stores.gate.reads).toEqual([]);
    expect(watermarks(gateway)).toEqual([['read', 4, 3]]);
  });

  it('rule 14: what was read is not pushed', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const row = gateway.project(conversationId, 1, alice.userId);
    gateway.route(row, [bob]);
    bob.say('read', { conversation_id: conversationId, seq: 1, message_id: row.messageId });
    bob.vanish();
    await gateway.settle();
    expect(gateway.log.events('push_job')).toEqual([]);
  });

  it('rule 18: takes none of a message that the reader may not see, that is not there, or at another seq', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const carol = await gateway.device();
    const row = gateway.project(conversationId, 1, alice.userId);
    const late = gateway.project(conversationId, 2, alice.userId);
    gateway.stores.leave(conversationId, bob.userId, 2);
    carol.say('read', { conversation_id: conversationId, seq: 1, message_id: row.messageId });
    bob.say('read', { conversation_id: conversationId, seq: 2, message_id: late.messageId });
    bob.say('read', { conversation_id: conversationId, seq: 1, message_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    bob.say('read', { conversation_id: conversationId, seq: 2, message_id: row.messageId });
    bob.say('read', { conversation_id: conversationId, seq: 2, message_id: 'x' });
    await gateway.settle();
    expect(carol.errorCodes).toEqual(['not_found']);
    expect(bob.errorCodes).toEqual(['not_found', 'not_found', 'invalid_request', 'invalid_message_id']);
    expect(watermarks(gateway)).toEqual([]);
  });
});

describe('receipt_query', () => {
  async function asked(seq: number, prepare: (gateway: TestGateway, ids: Record<string, string>) => void) {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    for (let at = 1; at <= 9; at++) gateway.project(conversationId, at, alice.userId);
    prepare(gateway, { conversationId, alice: alice.userId, bob: bob.userId });
    alice.say('receipt_query', { request_id: 9, conversation_id: conversationId, seq });
    await gateway.settle();
    return { gateway, alice, bob, conversationId };
  }

  const row = (deviceId: string, kind: 'delivered' | 'read', seq: number) => ({ deviceId, kind, seq });

  it('tells the maximum over devices of every member, and when one message was reached', async () => {
    const { alice, bob } = await asked(5, ({ stores }, { conversationId, bob }) => {
      const rows = [row('a', 'delivered', 4), row('b', 'delivered', 7), row('a', 'read', 3)];
      stores.watermarkRows.set(`${conversationId}/${bob}`, rows);
    });
    expect(alice.of('receipt_list')).toMatchObject([{ request_id: 9 }]);
    expect(alice.of('receipt_list')[0]!.members.find(({ user_id }) => user_id === bob.userId)).toEqual({
      ...{ user_id: bob.userId, delivered_seq: 7, read_seq: 3, delivered_at_ms: 1_005, read_at_ms: null },
      joined_seq: 1,
    });
  });

  it('rule 18: leaves out what lies outside the intervals of a member', async () => {
    const { alice, bob } = await asked(0, ({ stores }, { conversationId, bob }) => {
      const rejoined = [
        { joinedSeq: 1, leftSeq: 3, role: 'member' as const },
        { joinedSeq: 6, leftSeq: null, role: 'member' as const },
      ];
      stores.conversations.get(conversationId!)!.members.set(bob!, rejoined);
      stores.watermarkRows.set(`${conversationId}/${bob}`, [row('a', 'delivered', 4), row('a', 'read', 9)]);
    });
    const found = alice.of('receipt_list')[0]!.members.find(({ user_id }) => user_id === bob.userId);
    expect(found).toMatchObject({ delivered_seq: 2, read_seq: 9 });
  });

  it('rule 9: answers only who may see the message, or, without one, is a member now', async () => {
    const { gateway, alice, bob, conversationId } = await asked(3, ({ stores }, { conversationId, alice }) =>
      stores.leave(conversationId!, alice!, 4),
    );
    expect(alice.of('receipt_list')).toHaveLength(1);
    for (const seq of [4, 0]) alice.say('receipt_query', { request_id: 1, conversation_id: conversationId, seq });
    const carol = await gateway.device();
    carol.say('receipt_query', { request_id: 1, conversation_id: conversationId, seq: 1 });
    carol.say('receipt_query', { request_id: 2, conversation_id: 'x', seq: 1 });
    await gateway.settle();
    expect(alice.errorCodes).toEqual(['not_found', 'not_found']);
    expect(carol.errorCodes.sort()).toEqual(['invalid_request', 'not_found']);
    expect(bob.errorCodes).toEqual([]);
  });

  it('rule 9: one who is removed while the receipts are read gets nothing', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.project(conversationId, 1, alice.userId);
    const { watermarks: read } = gateway.stores.receipts;
    gateway.stores.receipts.watermarks = (...asked) => {
      gateway.stores.leave(conversationId, bob.userId, 1);
      return read(...asked);
    };
    bob.say('receipt_query', { request_id: 1, conversation_id: conversationId, seq: 0 });
    await gateway.settle();
    expect(bob.of('receipt_list')).toEqual([]);
    expect(bob.errorCodes).toEqual(['not_found']);
  });
});
