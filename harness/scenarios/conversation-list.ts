/** What a user keeps about conversations for themselves: on all their devices at once, and on nobody else's. */
import assert from 'node:assert/strict';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { ConversationKeysApi } from '@parley/sdk/conversation-keys';
import type { ListedConversation } from '@parley/sdk/conversation-list';
import { until } from '../services/until.ts';
import type { RecordingClient } from '../world/recording-client.ts';
import { codeOf } from './group-people.ts';
import type { Scenario } from './scenario.ts';

/** Waits until the device's list shows the conversation so. */
async function shows(
  { client, device }: RecordingClient,
  conversationId: string,
  expected: Partial<ListedConversation>,
): Promise<void> {
  const isSo = (): boolean => {
    const shown = client.list.get(conversationId);
    return shown !== null && Object.entries(expected).every(([key, value]) => Object(shown)[key] === value);
  };
  const what = `${JSON.stringify(expected)} in the list of ${device.deviceId}`;
  await until(isSo, { what, timeoutMs: 20_000, everyMs: 5 });
}

export const conversationList: Scenario = {
  name: 'the conversation list: marks and badges on all devices of a user',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const eve = await world.person('Eve');
    const chat = directConversationId(alice.userId, bob.userId);
    const b = await world.client(bob.first, { gateway: 0 }).online();
    const phone = await world.client(alice.first, { gateway: 0 }).online();
    const web = await world.client(await world.device(alice, 'web'), { gateway: 1 }).online();
    const mine = [phone, web];
    for (const text of ['one', 'two', 'three']) {
      await b.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from(text), preview: text });
    }
    for (const one of mine) await shows(one, chat, { unreadCount: 3, preview: 'three', otherUserId: bob.userId });
    const [, , third] = await phone.holds(chat, 3);
    await web.holds(chat, 3);

    phone.client.markRead(chat, third!.seq, third!.message_id);
    await shows(web, chat, { unreadCount: 0 });
    await phone.client.marks.pin(chat);
    await web.client.marks.archive(chat);
    const untilMs = Date.now() + 3_600_000;
    await web.client.marks.mute(chat, untilMs);
    await phone.client.marks.markUnread(chat);
    for (const one of mine) await shows(one, chat, { isArchived: true, mutedUntilMs: untilMs, isMarkedUnread: true });
    for (const one of mine) assert.notEqual(one.client.list.get(chat)?.pinnedAtMs, null);
    await web.client.marks.archive(chat, false);
    await phone.client.marks.pin(chat, false);
    web.client.markRead(chat, third!.seq, third!.message_id);
    for (const one of mine) await shows(one, chat, { isArchived: false, pinnedAtMs: null, isMarkedUnread: false });
    await shows(b, chat, { mutedUntilMs: null, isArchived: false, preview: 'three' });

    const e = await world.client(eve.first).online();
    assert.equal(await codeOf(e.client.marks.pin(chat)), 'not_a_member');

    // Deleted for Alice alone, on every path.
    await web.client.marks.clear(chat, { seq: 2, messageId: (await web.holds(chat, 3))[1]!.message_id });
    await shows(phone, chat, { clearedSeq: 2 });
    const left = await phone.client.history(chat, 0, 0, 50);
    assert.deepEqual(
      left.messages.map(({ seq }) => seq),
      [3],
    );
    assert.equal(left.more, false);
    assert.equal(left.covered_from, 1);
    await phone.client.marks.clear(chat);
    for (const one of mine)
      await shows(one, chat, { preview: null, lastMessageAtMs: null, clearedSeq: 3, unreadCount: 0 });
    assert.equal((await web.client.history(chat, 0, 0, 50)).messages.length, 0);
    assert.equal(await codeOf(web.client.around(chat, third!.message_id, { before: 1, after: 1 })), 'not_found');
    assert.equal((await b.client.history(chat, 0, 0, 50)).messages.length, 3);
    await shows(b, chat, { preview: 'three', clearedSeq: 0 });

    // A new device begins after it, and what comes is there again.
    await b.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('four'), preview: 'four' });
    const tablet = await world.client(await world.device(alice, 'tablet')).online();
    await tablet.holds(chat, 1);
    assert.deepEqual(tablet.bodies(chat), ['four']);
    for (const one of [...mine, tablet])
      await shows(one, chat, { preview: 'four', unreadCount: 1, mutedUntilMs: untilMs });

    // Nobody is notified of what they muted, and is of the rest.
    for (const one of [...mine, tablet]) await one.offline();
    await b.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('five'), preview: 'five' });
    await e.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('psst'), preview: 'psst' });
    const other = directConversationId(alice.userId, eve.userId);
    await until(() => world.pushes.some((push) => push.conversationId === other), {
      what: 'a push of the other conversation',
      timeoutMs: 30_000,
    });
    assert.equal(
      world.pushes.filter((push) => push.userId === alice.userId && push.conversationId === chat && push.seq === 5)
        .length,
      0,
    );

    await world.crashGateway(0);
    await phone.online();
    await shows(phone, chat, { mutedUntilMs: untilMs, clearedSeq: 3, unreadCount: 2, preview: 'five' });
    assert.deepEqual(
      phone.client.list.all().map(({ otherUserId }) => otherUserId),
      [eve.userId, bob.userId],
    );
    for (const one of [phone, b, e]) await one.offline();
  },
};

export const aroundAMessage: Scenario = {
  name: 'history: around a message, media only, and who was there',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const chat = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = await world.client(bob.first, { gateway: 1 }).online();
    for (let n = 1; n <= 24; n++) {
      const messageType = n % 8 === 0 ? ('image' as const) : ('text' as const);
      await a.send({ peerId: bob.userId, encryptedBody: Buffer.from(`n ${n}`), messageType });
    }
    const held = await b.holds(chat, 24);
    const idOf = (seq: number): string => held.find((one) => one.seq === seq)!.message_id;
    const seqs = async (...query: Parameters<typeof b.client.around>): Promise<unknown> => {
      const page = await b.client.around(...query);
      return [page.messages.map(({ seq }) => seq), page.covered_from, page.covered_to];
    };
    assert.deepEqual(await seqs(chat, idOf(10), { before: 2, after: 3 }), [[8, 9, 10, 11, 12, 13], 8, 13]);
    assert.deepEqual(await seqs(chat, idOf(2), { before: 5, after: 0 }), [[1, 2], 1, 2]);
    assert.deepEqual(await seqs(chat, idOf(23), { before: 0, after: 5 }), [[23, 24], 23, 24]);
    assert.deepEqual(await seqs(chat, null, { before: 2, after: 0, mediaOnly: true }), [[16, 24], 16, 24]);
    assert.deepEqual(await seqs(chat, idOf(10), { before: 9, after: 9, mediaOnly: true }), [[8, 16, 24], 1, 24]);
    const { members, atSeq } = await b.client.members(chat);
    assert.equal(atSeq, 24);
    assert.deepEqual(
      members.map(({ user_id, joined_seq }) => [user_id, joined_seq]).sort(),
      [
        [alice.userId, 1],
        [bob.userId, 1],
      ].sort(),
    );
    assert.equal((await b.client.members(chat, { atMs: held[4]!.at_ms })).atSeq >= 5, true);
    const keys = await new ConversationKeysApi(world.apiUrl, bob.first.credentials).of(chat);
    assert.deepEqual(
      keys.map(({ userId, devices }) => [userId, devices.map(({ deviceId }) => deviceId)]).sort(),
      [alice, bob].map(({ userId, first }) => [userId, [first.deviceId]]).sort(),
    );
    for (const one of [a, b]) await one.offline();
  },
};
