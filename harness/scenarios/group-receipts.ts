/** ✓✓ and blue in groups: of every current member, of nobody who came later, and of nobody who does not tell. */
import assert from 'node:assert/strict';
import { PrivacyApi } from '@parley/sdk/privacy';
import { until } from '../services/until.ts';
import { groupPerson } from './group-people.ts';
import type { Scenario } from './scenario.ts';

export const groupReceipts: Scenario = {
  name: 'receipts in a group: all current members, who came later, who does not tell',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const cleo = await groupPerson(world, 'Cleo', 0);
    const dora = await groupPerson(world, 'Dora', 1);
    const { groupId } = await alice.groups.make({ title: 'Hike', memberIds: [bob.userId, cleo.userId] });
    await cleo.client.holds(groupId, 1);
    await cleo.client.offline();
    const sent = await alice.client.send({
      conversationId: groupId,
      encryptedBody: Buffer.from('At 5?'),
      preview: 'At 5?',
    });
    await alice.client.status(sent.messageId, 'sent');
    const [, first] = await bob.client.holds(groupId, 2);
    bob.client.client.markRead(groupId, first!.seq, first!.message_id);
    const of = async (userId: string) =>
      (await alice.client.client.receipts(groupId, first!.seq)).find((one) => one.user_id === userId);
    await until(async () => (await of(bob.userId))?.read_at_ms, {
      what: 'the time at which Bob read',
      timeoutMs: 20_000,
    });
    assert.equal((await of(cleo.userId))?.delivered_at_ms, null);
    assert.deepEqual(alice.client.statuses.get(sent.messageId), ['sent']);

    // Dora joins, and never says anything: what came before is not hers to receive.
    await dora.client.offline();
    await alice.groups.add(groupId, [dora.userId]);
    assert.equal(await of(dora.userId), undefined);
    await cleo.client.online();
    await alice.client.status(sent.messageId, 'delivered');
    const held = await cleo.client.holds(groupId, 3);
    cleo.client.client.markRead(groupId, held[1]!.seq, held[1]!.message_id);
    await alice.client.status(sent.messageId, 'read');
    assert.deepEqual(alice.client.statuses.get(sent.messageId), ['sent', 'delivered', 'read']);

    // Eva tells nobody what she reads, and is told of nobody.
    const eva = await groupPerson(world, 'Eva', 1);
    await new PrivacyApi(world.apiUrl, eva.first.credentials).change({ readReceipts: false });
    const pair = await alice.groups.make({ title: 'Two', memberIds: [eva.userId, bob.userId] });
    const tablet = await world.client(await world.device(eva, 'tablet')).online();
    const hidden = await alice.client.send({
      conversationId: pair.groupId,
      encryptedBody: Buffer.from('Eva?'),
      preview: 'Eva?',
    });
    const [, question] = await eva.client.holds(pair.groupId, 2);
    await bob.client.holds(pair.groupId, 2);
    bob.client.client.markRead(pair.groupId, question!.seq, question!.message_id);
    await until(() => tablet.client.list.get(pair.groupId)?.unreadCount === 1, { what: 'a badge', timeoutMs: 20_000 });
    eva.client.client.markRead(pair.groupId, question!.seq, question!.message_id);
    await until(() => tablet.client.list.get(pair.groupId)?.unreadCount === 0, { what: 'no badge', timeoutMs: 20_000 });
    await alice.client.status(hidden.messageId, 'delivered');
    const seenBy = async (who: typeof alice, userId: string) =>
      (await who.client.client.receipts(pair.groupId, question!.seq)).find((one) => one.user_id === userId);
    await until(async () => (await seenBy(alice, bob.userId))?.read_at_ms, { what: 'Bob has read', timeoutMs: 20_000 });
    assert.equal((await seenBy(alice, eva.userId))?.read_seq, 0);
    assert.equal((await seenBy(eva, bob.userId))?.read_at_ms, null);
    assert.ok(!alice.client.statuses.get(hidden.messageId)!.includes('read'));
    assert.ok(!eva.client.receipts.some(({ kind, userId }) => kind === 'read' && userId === bob.userId));
    for (const { client } of [alice, bob, cleo, dora, eva]) await client.offline();
    await tablet.offline();
  },
};
