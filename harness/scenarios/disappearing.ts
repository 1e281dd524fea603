/** Messages that disappear: set by an ordered event, shown until their time, and then gone wherever one could look. */
import assert from 'node:assert/strict';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { TimersApi } from '@parley/sdk/timers';
import { until } from '../services/until.ts';
import type { Scenario } from './scenario.ts';

/** What the harness configures besides those of a day and more (PARLEY_DEV_TIMER_SECONDS). */
const timerSeconds = 4;

export const disappearing: Scenario = {
  name: 'a message disappears from every device that looks for it',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = await world.client(bob.first, { gateway: 1 }).online();
    const timers = new TimersApi(world.apiUrl, alice.first.credentials);
    const peerId = bob.userId;
    await a.sendAndWait({ peerId, encryptedBody: Buffer.from('this stays') });
    assert.equal(await timers.get({ peerId }), 0);
    await timers.set({ peerId }, timerSeconds);
    assert.equal(await new TimersApi(world.apiUrl, bob.first.credentials).get({ peerId: alice.userId }), timerSeconds);
    const [, told] = await b.holds(conversation, 2);
    assert.deepEqual(
      [told!.message_type, told!.system?.kind, told!.system?.actor_id, told!.system?.text],
      ['system', 'timer', alice.userId, String(timerSeconds)],
    );
    const late = await a.sendAndWait({ peerId, encryptedBody: Buffer.from('without knowing') });
    assert.ok(late.kind === 'refused' && late.code === 'timer_changed');
    const fading = { peerId, encryptedBody: Buffer.from('this goes'), preview: 'this goes', timerSeconds };
    assert.equal((await a.sendAndWait(fading)).kind, 'accepted');
    const [, , message] = await b.holds(conversation, 3);
    assert.equal(message!.expires_at_ms, message!.at_ms + timerSeconds * 1_000);
    assert.deepEqual([message!.preview, message!.encrypted_body.toString()], ['this goes', 'this goes']);
    const previewOf = async () => (await b.client.inbox()).entries[0]?.last_message_preview ?? null;
    await until(async () => (await previewOf()) === null, { what: 'a preview gone', timeoutMs: 20_000 });
    assert.ok(Date.now() >= message!.expires_at_ms - 1_000);
    const later = await world.client(await world.device(bob, 'tablet')).online();
    const held = await later.holds(conversation, 2);
    assert.deepEqual(
      held.map(({ seq }) => seq),
      [1, 2],
    );
    const page = await b.client.history(conversation, 0, 0, 50);
    // The page says that it covers what is gone: nobody waits for it.
    assert.deepEqual(
      page.messages.map(({ seq }) => seq),
      [1, 2],
    );
    assert.ok(page.covered_from <= 1 && page.covered_to >= 3);
    await timers.set({ peerId }, 0);
    assert.equal((await a.sendAndWait({ peerId, encryptedBody: Buffer.from('this stays, too') })).kind, 'accepted');
    const after = await later.holds(conversation, 4);
    assert.deepEqual(
      after.map(({ seq }) => seq),
      [1, 2, 4, 5],
    );
    for (const client of [a, b, later]) await client.offline();
  },
};
