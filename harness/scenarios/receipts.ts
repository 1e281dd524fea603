/** ✓, ✓✓ and blue ✓✓: live, and delayed until the other comes back. */
import assert from 'node:assert/strict';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import type { Scenario } from './scenario.ts';

export const receiptsLive: Scenario = {
  name: 'receipts live',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = await world.client(bob.first, { gateway: 1 }).online();
    const sentAtMs = Date.now();
    const sent = await a.send({ peerId: bob.userId, encryptedBody: Buffer.from('See you at 5!') });
    await a.status(sent.messageId, 'delivered');
    assert.equal((await b.client.inbox()).entries[0]?.unread_count, 1);
    const [message] = await b.holds(conversation, 1);
    b.client.markRead(conversation, message!.seq, message!.message_id);
    await a.status(sent.messageId, 'read');
    assert.deepEqual(a.statuses.get(sent.messageId), ['sent', 'delivered', 'read']);
    const member = (await a.client.receipts(conversation, 1)).find((one) => one.user_id === bob.userId);
    assert.equal(member?.delivered_seq, 1);
    assert.equal(member?.read_seq, 1);
    assert.ok(member.delivered_at_ms !== null && member.read_at_ms !== null);
    assert.ok(member.delivered_at_ms >= sentAtMs - 1_000 && member.read_at_ms >= member.delivered_at_ms);
    const [entry] = (await b.client.inbox()).entries;
    assert.equal(entry?.unread_count, 0);
    assert.equal(entry?.read_seq, 1);
    await a.offline();
    await b.offline();
  },
};

export const receiptsDelayed: Scenario = {
  name: 'receipts delayed',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const sent = await a.send({ peerId: bob.userId, encryptedBody: Buffer.from('Call me') });
    await a.status(sent.messageId, 'sent');
    await a.offline();
    const b = await world.client(bob.first).online();
    const [message] = await b.holds(conversation, 1);
    b.client.markRead(conversation, message!.seq, message!.message_id);
    const second = await b.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('I am here') });
    assert.equal(second.kind, 'accepted');
    await b.offline();
    assert.deepEqual(a.statuses.get(sent.messageId), ['sent']);
    await a.online();
    await a.status(sent.messageId, 'read');
    assert.deepEqual(a.bodies(conversation), ['Call me', 'I am here']);
    await a.offline();
  },
};
