/** A device that stops reading: the gateway queues nothing for it, and it has everything once it reads again. */
import assert from 'node:assert/strict';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { until } from '../services/until.ts';
import { RawClient } from '../world/raw-client.ts';
import type { Scenario } from './scenario.ts';

const bodyBytes = 32 * 1024;
const count = 400;

export const slowReader: Scenario = {
  name: 'slow reader',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const slow = await RawClient.connect(world.gatewayUrls[1]!, bob.first.tokens().accessToken);
    const { limits } = await slow.frame('hello');
    slow.freeze();
    const a = await world.client(alice.first, { gateway: 0 }).online();
    for (let index = 0; index < count; index++) {
      const body = Buffer.alloc(bodyBytes, index % 251);
      await a.send({ peerId: bob.userId, encryptedBody: body });
    }
    await until(() => a.client.pendingCount === 0, { what: 'verdicts', timeoutMs: 60_000 });
    slow.thaw();
    await until(() => slow.of('message').length > 0, { what: 'what was under way', timeoutMs: 20_000 });
    // Only the window was ever sent: the rest waits in the store, not in the gateway.
    await until(
      () => {
        const last = slow.of('message').at(-1)!.message;
        slow.send('delivered', { conversation_id: conversation, seq: last.seq });
        return slow.of('resync').length > 0;
      },
      { what: 'resync once the window is acknowledged', timeoutMs: 20_000, everyMs: 200 },
    );
    assert.ok(slow.of('message').length <= limits.live_window, `${slow.of('message').length} frames were queued`);
    slow.close();
    const b = await world.client(bob.first, { gateway: 1 }).online(60_000);
    await b.holds(conversation, count, 60_000);
    assert.deepEqual(
      b.messages(conversation).map((message) => message.seq),
      Array.from({ length: count }, (_, index) => index + 1),
    );
    await a.offline();
    await b.offline();
  },
};
