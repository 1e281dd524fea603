/** Devices whose clocks are wrong, and devices that slept for a long time. */
import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
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
      raw.send('send', {
        conversation_id: conversation,
        peer_id: bob.userId,
        message_id: makeMessageId(skewed.nowMs(), systemRandom),
        message_type: 'text',
        encrypted_body: Buffer.from('too far'),
        preview: null,
        media_url: null,
        thumbnail_url: null,
        reply_to: null,
        target_id: null,
      });
      assert.equal((await raw.frame('refused')).code, 'out_of_window');
      raw.close();
    }
  },
};
