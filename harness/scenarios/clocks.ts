/** Devices whose clocks are wrong, and devices that slept for a long time. */

import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { plainSend } from '../world/plain-send.ts';
import { RawClient } from '../world/raw-client.ts';
import type { Scenario } from './scenario.ts';

export const clockAMinuteWrong: Scenario = {
  name: 'clock 60 s wrong',
  async run(world) {
    const bob = await world.person('Bob');
    for (const skewMs of [-60_000, 60_000]) {
      const alice = await world.person('Alice');
      const conversation = directConversationId(alice.userId, bob.userId);
      const skewed = { nowMs: () => Date.now() + skewMs };
      const a = await world.client(alice.first, { clock: skewed }).online();
      const verdict = await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('what time is it?') });
      assert.equal(verdict.kind, 'accepted');
      await a.offline();
      // Without the correction the id is outside of the window, and never becomes a message.
      const raw = await RawClient.connect(world.gatewayUrls[0]!, alice.first.tokens().accessToken);
      raw.send(
        'send',
        plainSend({
          conversation_id: conversation,
          peer_id: bob.userId,
          message_id: makeMessageId(skewed.nowMs(), systemRandom),
          encrypted_body: Buffer.from('too far'),
        }),
      );
      assert.equal((await raw.frame('refused')).code, 'out_of_window');
      raw.close();
    }
  },
};

const dayMs = 86_400_000;

export const asleepForTwoBuckets: Scenario = {
  name: 'a device asleep for two buckets',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const expected: string[] = [];
    const talk = async (text: string): Promise<void> => {
      const a = await world.client(alice.first).online();
      for (let index = 0; index < 5; index++) {
        const verdict = await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(`${text} ${index}`) });
        assert.equal(verdict.kind, 'accepted');
        expected.push(`${text} ${index}`);
      }
      await a.offline();
    };
    // Buckets are 10 days of message time: the three talks lie in three buckets, with an empty one between the last two.
    await world.travel(-32 * dayMs);
    await talk('long ago');
    const b = await world.client(bob.first).online();
    assert.deepEqual(b.bodies(conversation), expected);
    await b.offline();
    await world.travel(-21 * dayMs);
    await talk('a while ago');
    await world.travel(0);
    await talk('today');
    await b.online(60_000);
    assert.deepEqual(b.bodies(conversation), expected);
    const late = await world.client(await world.device(bob, 'new phone')).online(60_000);
    assert.deepEqual(late.bodies(conversation), expected);
    const newest = await late.client.history(conversation, 0, 0, 7);
    assert.deepEqual(
      newest.messages.map((message) => message.encrypted_body.toString()),
      expected.slice(-7),
    );
    await b.offline();
    await late.offline();
  },
};
