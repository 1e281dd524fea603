/** Two people online: on one gateway, and on two. */
import assert from 'node:assert/strict';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import type { World } from '../world/world.ts';
import type { Scenario } from './scenario.ts';

async function talk(world: World, gatewayOfBob: number): Promise<void> {
  const alice = await world.person('Alice');
  const bob = await world.person('Bob');
  const conversation = directConversationId(alice.userId, bob.userId);
  const a = await world.client(alice.first, { gateway: 0 }).online();
  const b = await world.client(bob.first, { gateway: gatewayOfBob }).online();
  const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
  for (const [index, text] of texts.entries()) {
    const [from, to] = index % 2 === 0 ? [a, bob] : [b, alice];
    const verdict = await from.sendAndWait({ peerId: to.userId, encryptedBody: Buffer.from(text), preview: text });
    assert.deepEqual(
      { ...verdict, messageId: '', atMs: 0 },
      { kind: 'accepted', messageId: '', seq: index + 1, atMs: 0 },
    );
  }
  await a.holds(conversation, texts.length);
  await b.holds(conversation, texts.length);
  assert.deepEqual(a.bodies(conversation), texts);
  assert.deepEqual(b.bodies(conversation), texts);
  for (const sent of a.sent) await a.status(sent.messageId, 'delivered');
  const [entry] = (await b.client.inbox()).entries;
  assert.equal(entry?.conversation_id, conversation);
  assert.equal(entry?.last_message_preview, texts.at(-1));
  assert.equal(entry?.other_user_id, alice.userId);
  assert.equal(world.pushes.filter((push) => push.conversationId === conversation).length, 0);
  await a.offline();
  await b.offline();
}

export const onlineOnOneGateway: Scenario = {
  name: 'online on one gateway',
  run: (world) => talk(world, 0),
};

export const onlineOnTwoGateways: Scenario = {
  name: 'online on two gateways',
  run: (world) => talk(world, 1),
};
