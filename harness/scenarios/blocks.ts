/** A blocked user sees one ✓ and nothing else; the blocker never gets what was sent meanwhile, by no path (design rule 6). */
import assert from 'node:assert/strict';
import type { WireMessage } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { BlocksApi } from '@parley/sdk/blocks';
import { until } from '../services/until.ts';
import type { RecordingClient } from '../world/recording-client.ts';
import type { Scenario } from './scenario.ts';

function withheldAt(client: RecordingClient): WireMessage[] {
  const found: WireMessage[] = [];
  client.client.on('withheld', ({ message }) => found.push(message));
  return found;
}

const textsOf = (messages: readonly WireMessage[]) => messages.map(({ encrypted_body }) => encrypted_body.toString());

export const blocked: Scenario = {
  name: 'a block keeps what is sent from then on away, also after it is taken back',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = await world.client(bob.first, { gateway: 1 }).online();
    const desktop = await world.client(await world.device(bob, 'desktop'), { gateway: 0 }).online();
    const [own, elsewhere] = [withheldAt(b), withheldAt(desktop)];
    const blocks = new BlocksApi(world.apiUrl, alice.first.credentials);
    const send = (from: RecordingClient, peerId: string, text: string) =>
      from.sendAndWait({ peerId, encryptedBody: Buffer.from(text), preview: text });
    const block = async (isBlocked: boolean): Promise<void> => {
      if (isBlocked) await blocks.block(bob.userId);
      else await blocks.unblock(bob.userId);
      const code = isBlocked ? 'blocked_by_you' : null;
      // The change is in the log when the call returns; a send of the blocker shows that it is in force.
      const verdict = await send(a, bob.userId, isBlocked ? 'refused' : 'from Alice');
      assert.equal(verdict.kind === 'refused' ? verdict.code : null, code);
    };
    await block(true); // Before there is a conversation.
    const first = await send(b, alice.userId, 'hidden 1');
    assert.deepEqual([first.kind, first.kind === 'accepted' && first.seq], ['accepted', 0]);
    await block(false);
    assert.equal((await send(b, alice.userId, 'shown 1')).kind, 'accepted');
    await a.holds(conversation, 2);
    await block(true);
    assert.deepEqual(
      (await blocks.list()).map(({ userId }) => userId),
      [bob.userId],
    );
    for (const text of ['hidden 2', 'hidden 3']) assert.equal((await send(b, alice.userId, text)).kind, 'accepted');
    await until(() => elsewhere.length === 3, { what: 'the withheld on the other device', timeoutMs: 10_000 });
    assert.deepEqual([textsOf(own), textsOf(elsewhere)], [elsewhere, elsewhere].map(textsOf));
    for (const { message_id, seq } of own) {
      assert.equal(seq, 0);
      assert.deepEqual(b.statuses.get(message_id), ['sent']);
    }
    await block(false);
    assert.equal((await send(b, alice.userId, 'shown 2')).kind, 'accepted');
    const shown = ['from Alice', 'shown 1', 'from Alice', 'shown 2'];
    await a.holds(conversation, shown.length);
    assert.deepEqual(a.bodies(conversation), shown);
    await desktop.holds(conversation, shown.length);
    const later = await world.client(await world.device(alice, 'tablet')).online();
    await later.holds(conversation, shown.length);
    assert.deepEqual(later.bodies(conversation), shown);
    const history = await later.client.history(conversation, 0, 0, 50);
    assert.deepEqual([textsOf(history.messages), history.covered_to], [shown, shown.length]);
    assert.deepEqual(
      (await later.client.inbox()).entries.map((entry) => [entry.last_seq, entry.last_message_preview]),
      [[shown.length, 'shown 2']],
    );
    const tablet = await world.client(await world.device(bob, 'tablet')).online();
    const page = await tablet.client.withheld(conversation, null, 2);
    assert.deepEqual([textsOf(page.messages), page.more], [['hidden 2', 'hidden 3'], true]);
    const rest = await tablet.client.withheld(conversation, page.messages[0]!.message_id, 10);
    assert.deepEqual([textsOf(rest.messages), rest.more], [['hidden 1'], false]);
    assert.deepEqual((await later.client.withheld(conversation, null, 10)).messages, []);
    for (const client of [a, b, desktop, later, tablet]) await client.offline();
  },
};
