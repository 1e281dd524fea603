import { randomUUID } from 'node:crypto';
import type { SystemChange } from '@parley/schemas/generated/wire';
import { expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';

const added: SystemChange = { kind: 'added', actor_id: randomUUID(), user_ids: [randomUUID()], text: null };
const system = { messageType: 'system', encryptedBody: Buffer.alloc(0), preview: null, system: added } as const;

it('a system message comes live and in pages, with what it tells', async () => {
  const gateway = new TestGateway();
  const { alice, bob, conversationId } = await gateway.pair();
  const row = gateway.project(conversationId, 1, alice.userId, { ...system, ordinal: 0 });
  gateway.route(row, [bob]);
  expect(bob.of('message')).toMatchObject([{ message: { seq: 1, message_type: 'system', system: added } }]);
  const about = { request_id: 2, conversation_id: conversationId, limit: 9 };
  bob.say('fetch', { ...about, after_seq: 0, after_at_ms: 0 });
  await gateway.settle();
  expect(bob.of('page')).toMatchObject([{ messages: [{ seq: 1, message_type: 'system', system: added }] }]);
});

it('rule 14: nobody is pushed a system message that they did not acknowledge, live or left out', async () => {
  const gateway = new TestGateway({ liveWindow: 1 });
  const { alice, bob, conversationId } = await gateway.pair();
  for (const seq of [1, 2])
    gateway.route(gateway.project(conversationId, seq, alice.userId, { ...system, ordinal: 0 }), [bob]);
  await gateway.seconds(30, bob);
  expect(gateway.log.events('push_job')).toEqual([]);
  gateway.route(gateway.project(conversationId, 3, alice.userId), [bob]);
  await gateway.seconds(30, bob);
  expect(gateway.log.events('push_job').map(({ seq }) => seq)).toEqual([3]);
});

it('who was removed may say that the message of their removal was delivered and read, and nothing after it', async () => {
  const gateway = new TestGateway();
  const { alice, bob, conversationId } = await gateway.pair();
  gateway.project(conversationId, 1, alice.userId);
  const removal: SystemChange = { ...added, kind: 'removed', user_ids: [bob.userId] };
  const row = gateway.project(conversationId, 2, alice.userId, { ...system, system: removal, ordinal: 1 });
  gateway.route(row, [bob]);
  bob.say('delivered', { conversation_id: conversationId, seq: 2 });
  bob.say('read', { conversation_id: conversationId, message_id: row.messageId, seq: 2 });
  await gateway.settle();
  await gateway.seconds(2, bob);
  expect(bob.of('error')).toEqual([]);
  expect(gateway.log.events('receipt_advanced').map(({ kind, seq }) => [kind, seq])).toEqual([
    ['delivered', 2],
    ['read', 2],
  ]);
});
