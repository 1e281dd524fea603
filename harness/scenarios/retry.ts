/** The connection fails between a send and its verdict: the message is there once, whatever the client did. */

import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { plainSend } from '../world/plain-send.ts';
import { RawClient } from '../world/raw-client.ts';
import type { Scenario } from './scenario.ts';

export const senderRetriesAcrossAReconnect: Scenario = {
  name: 'sender retries across a reconnect',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const b = await world.client(bob.first).online();
    const count = 60;
    for (let index = 0; index < count; index++) {
      await a.send({ peerId: bob.userId, encryptedBody: Buffer.from(`${index}`) });
      if (index % 10 === 5) a.client.drop();
    }
    await b.holds(conversation, count, 60_000);
    await a.holds(conversation, count, 60_000);
    assert.deepEqual(
      b.messages(conversation).map((message) => message.seq),
      Array.from({ length: count }, (_, index) => index + 1),
    );
    assert.deepEqual(
      [...b.bodies(conversation)].sort((x, y) => Number(x) - Number(y)),
      Array.from({ length: count }, (_, index) => `${index}`),
    );
    assert.deepEqual(a.bodies(conversation), b.bodies(conversation));
    assert.ok(a.disconnects.length >= 1);
    await a.offline();
    await b.offline();
  },
};

export const sameIdTwice: Scenario = {
  name: 'the same id again: the first seq, and a conflict for another payload',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const raw = await RawClient.connect(world.gatewayUrls[0]!, alice.first.tokens().accessToken);
    const frame = plainSend({
      conversation_id: directConversationId(alice.userId, bob.userId),
      peer_id: bob.userId,
      message_id: makeMessageId(Date.now(), systemRandom),
      encrypted_body: Buffer.from('once'),
    });
    raw.send('send', frame);
    const first = await raw.frame('accepted');
    raw.close();
    const again = await RawClient.connect(world.gatewayUrls[1]!, alice.first.tokens().accessToken);
    again.send('send', frame);
    assert.deepEqual(await again.frame('accepted'), first);
    again.send('send', { ...frame, encrypted_body: Buffer.from('twice') });
    assert.equal((await again.frame('refused')).code, 'conflict');
    again.close();
  },
};
