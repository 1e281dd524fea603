import { randomUUID } from 'node:crypto';
import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import type { FakeDevice } from '../fixtures/socket.fixture.ts';

const gatherMs = 100;

async function group() {
  const gateway = new TestGateway();
  const [alice, bob, eve] = [await gateway.device(), await gateway.device(), await gateway.device()];
  const conversationId = randomUUID();
  gateway.stores.conversation(conversationId, [alice.userId, bob.userId]);
  const type = (who: FakeDevice, kind: 'writing' | 'recording' | 'stopped') =>
    who.say('typing', { conversation_id: conversationId, kind });
  return { gateway, alice, bob, eve, conversationId, type };
}

describe('typing', () => {
  it('is told to the other members who are online, and to nobody else', async () => {
    const { gateway, alice, bob, eve, conversationId, type } = await group();
    const desktop = await gateway.device(alice.userId);
    type(alice, 'writing');
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing')).toEqual([
      { conversation_id: conversationId, user_id: alice.userId, kind: 'writing', for_ms: 6_000 },
    ]);
    for (const other of [alice, desktop, eve]) expect(other.of('member_typing')).toEqual([]);
    type(alice, 'stopped');
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing').at(-1)).toMatchObject({ kind: 'stopped', for_ms: 0 });
  });

  it('never touches the log', async () => {
    const { gateway, alice, type } = await group();
    const before = gateway.log.records.length;
    type(alice, 'recording');
    await gateway.pass(30_000);
    expect(gateway.log.records.slice(before)).toEqual([]);
  });

  it('is refused to those who are no members, also no longer', async () => {
    const { gateway, alice, bob, eve, conversationId, type } = await group();
    type(eve, 'writing');
    alice.say('typing', { conversation_id: randomUUID(), kind: 'writing' });
    await gateway.pass(gatherMs);
    expect([eve.errorCodes, alice.errorCodes]).toEqual([['not_a_member'], ['not_a_member']]);
    gateway.stores.conversations
      .get(conversationId)!
      .members.set(bob.userId, [{ joinedSeq: 1, leftSeq: 1, role: 'member' }]);
    type(alice, 'writing');
    type(bob, 'writing');
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing')).toEqual([]);
    expect(bob.errorCodes).toEqual(['not_a_member']);
    expect(alice.of('member_typing')).toEqual([]);
  });

  it('that repeats what is shown is not told again, and goes on while it is said again', async () => {
    const { gateway, alice, bob, type } = await group();
    type(alice, 'stopped');
    for (let i = 0; i < 3; i++) type(alice, 'writing');
    await gateway.pass(1_000);
    type(alice, 'writing');
    await gateway.pass(1_000);
    expect(bob.of('member_typing')).toHaveLength(1);
    await gateway.pass(1_000);
    type(alice, 'writing');
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing')).toHaveLength(2);
    type(alice, 'recording');
    type(alice, 'writing');
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing'), 'the newest of what was gathered').toHaveLength(3);
    expect(bob.of('member_typing').at(-1)?.kind).toBe('writing');
  });

  it('goes to another gateway in one delivery, whatever it carries', async () => {
    const { gateway, alice, conversationId, type } = await group();
    const carol = randomUUID();
    const other = randomUUID();
    gateway.stores.conversation(conversationId, [alice.userId, carol]);
    gateway.stores.conversation(other, [alice.userId, carol]);
    for (const deviceId of [randomUUID(), randomUUID()])
      await gateway.sessions.register({ userId: carol, deviceId }, 'gateway-2');
    type(alice, 'writing');
    alice.say('typing', { conversation_id: other, kind: 'recording' });
    await gateway.pass(gatherMs);
    expect(gateway.delivered.map(({ gatewayId }) => gatewayId)).toEqual(['gateway-2']);
    const { items } = gateway.delivered[0]!;
    expect(items.map(({ frame, targets }) => [decodeFrame(frame).name, targets.length])).toEqual([
      ['member_typing', 2],
      ['member_typing', 2],
    ]);
  });

  it('that cannot be told because a store is away is refused, and the next is told', async () => {
    const { gateway, alice, bob, type } = await group();
    gateway.stores.gate.failure = new Error('away');
    type(alice, 'writing');
    await gateway.pass(gatherMs);
    expect(alice.errorCodes).toEqual(['internal']);
    gateway.stores.gate.failure = null;
    type(alice, 'recording');
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing')).toHaveLength(1);
  });

  it('is bounded in what waits', async () => {
    const gateway = new TestGateway({ maxTypingWaiting: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    alice.say('typing', { conversation_id: conversationId, kind: 'writing' });
    bob.say('typing', { conversation_id: conversationId, kind: 'writing' });
    expect(bob.errorCodes).toEqual(['overloaded']);
    await gateway.pass(gatherMs);
    bob.say('typing', { conversation_id: conversationId, kind: 'writing' });
    await gateway.pass(gatherMs);
    expect(alice.of('member_typing')).toHaveLength(1);
  });

  it('rule 6: is not told to one who has blocked the typist, and the typist sees no difference', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.privacy.relate(alice.userId, bob.userId, { isBlocked: true });
    bob.say('typing', { conversation_id: conversationId, kind: 'writing' });
    await gateway.pass(gatherMs);
    expect(alice.of('member_typing')).toEqual([]);
    expect(bob.errorCodes).toEqual([]);
    alice.say('typing', { conversation_id: conversationId, kind: 'writing' });
    await gateway.pass(gatherMs);
    expect(bob.of('member_typing')).toHaveLength(1);
  });
});
