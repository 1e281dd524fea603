import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { ReceiptFrame } from '@parley/schemas/generated/wire';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import type { FakeDevice } from '../fixtures/socket.fixture.ts';

/** Bob sends no read receipts. */
async function talk() {
  const gateway = new TestGateway();
  const { alice, bob, conversationId } = await gateway.pair();
  gateway.privacy.settings.set(bob.userId, { readReceipts: false });
  gateway.publish(conversationId, 3, alice.userId, [bob]);
  const { rows } = gateway.stores.conversations.get(conversationId)!;
  const read = async (seq: number) => {
    bob.say('read', { conversation_id: conversationId, seq, message_id: rows[seq - 1]!.messageId });
    await gateway.settle();
  };
  const tell = async (to: FakeDevice, about: Partial<ReceiptFrame>) => {
    const body = { conversation_id: conversationId, user_id: alice.userId, kind: 'read', seq: 3, at_ms: 1 } as const;
    const { userId, deviceId, connection } = to;
    const targets = [{ userId, deviceId, connectionId: connection.connectionId }];
    gateway.core.sink.deliver([{ frame: encodeFrame('receipt', { ...body, ...about }), position: null, targets }]);
    await gateway.settle();
  };
  const receipts = () => gateway.log.events('receipt_advanced').map(({ kind, seq }) => [kind, seq]);
  const own = () => gateway.log.events('personal_mark_set').map(({ kind, value, ordinal }) => [kind, value, ordinal]);
  return { gateway, alice, bob, conversationId, read, tell, receipts, own };
}

describe('rule 18: who sends no read receipts', () => {
  it('reads for themselves alone; others are told that it was delivered', async () => {
    const { bob, read, receipts, own } = await talk();
    await read(3);
    expect(own()).toEqual([['read', 3, 3]]);
    expect(receipts()).toEqual([['delivered', 3]]);
    expect(bob.errorCodes).toEqual([]);
  });

  it('and chose so meanwhile, or not any more, is heard from the next message on', async () => {
    const { gateway, bob, read, receipts, own } = await talk();
    await read(2);
    gateway.privacy.settings.set(bob.userId, {});
    await gateway.seconds(61, bob);
    await read(2);
    await read(3);
    expect(own()).toEqual([['read', 2, 2]]);
    expect(receipts()).toEqual([
      ['delivered', 2],
      ['read', 3],
    ]);
  });

  it('is not known while SQL is away: then it is not told', async () => {
    const { gateway, bob, read, receipts, own } = await talk();
    gateway.privacy.settings.set(bob.userId, {});
    gateway.privacy.failure = new ParleyError('unavailable');
    await read(3);
    expect(own()).toEqual([['read', 3, 3]]);
    expect(receipts()).toEqual([['delivered', 3]]);
  });

  it('is told of what others received, and of their own reading, but not of what others read', async () => {
    const { alice, bob, tell } = await talk();
    await tell(bob, { kind: 'delivered' });
    await tell(bob, { kind: 'read' });
    await tell(bob, { kind: 'read', user_id: bob.userId });
    await tell(alice, { kind: 'read', user_id: bob.userId });
    expect(bob.of('receipt').map(({ kind, user_id: id }) => [kind, id === bob.userId])).toEqual([
      ['delivered', false],
      ['read', true],
    ]);
    expect(alice.of('receipt')).toHaveLength(1);
  });

  it('is shown nothing of what others read when they ask, and shows nothing', async () => {
    const { gateway, alice, bob, conversationId } = await talk();
    for (const { userId, deviceId } of [alice, bob]) {
      const rows = (['delivered', 'read'] as const).map((kind) => ({ deviceId, kind, seq: 3 }));
      gateway.stores.watermarkRows.set(`${conversationId}/${userId}`, rows);
    }
    for (const device of [alice, bob]) {
      device.say('receipt_query', { request_id: 1, conversation_id: conversationId, seq: 2 });
    }
    await gateway.settle();
    const seen = (by: FakeDevice, of: FakeDevice) => {
      const one = by.of('receipt_list')[0]!.members.find(({ user_id: id }) => id === of.userId)!;
      return [one.delivered_seq, one.read_seq, one.read_at_ms];
    };
    expect(seen(bob, alice)).toEqual([3, 0, null]);
    expect(seen(alice, bob)).toEqual([3, 0, null]);
    expect(seen(bob, bob)).toEqual([3, 3, 1_002]);
  });
});

describe('receipt_query', () => {
  it('leaves out who joined later than the message, and says from where on a member counts', async () => {
    const { gateway, alice, bob, conversationId } = await talk();
    const carol = await gateway.device();
    const { members } = gateway.stores.conversations.get(conversationId)!;
    members.set(carol.userId, [{ joinedSeq: 3, leftSeq: null, role: 'member' }]);
    for (const seq of [0, 2, 3]) {
      alice.say('receipt_query', { request_id: seq, conversation_id: conversationId, seq });
      await gateway.settle();
    }
    const asked = alice
      .of('receipt_list')
      .map((list) => list.members.map(({ user_id, joined_seq }) => [user_id, joined_seq]));
    const both = [alice, bob].map(({ userId }) => [userId, 1]);
    expect(asked).toEqual([[...both, [carol.userId, 3]], both, [...both, [carol.userId, 3]]]);
  });
});
