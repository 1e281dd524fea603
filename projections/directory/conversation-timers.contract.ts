/** What disappearing timers do on every SQL that the directory runs on. */
import { randomBytes } from 'node:crypto';
import { systemRandom } from '@parley/schemas/environment/system';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { timersSeconds } from '@parley/streams/conversation/timers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConversationTimers, type TimerOf } from './conversation-timers.ts';
import type { DirectoryUnderTest } from './directory.contract.ts';
import { Groups } from './groups/groups.ts';
import { addUsers } from './groups/people.fixture.ts';
import { Outbox } from './outbox/outbox.ts';

const day = 86_400;

export function conversationTimersContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`conversation timers contract: ${name}`, () => {
    const clock = { nowMs: () => 1_700_000_000_000 };
    let under: DirectoryUnderTest;
    let timers: ConversationTimers;
    let groups: Groups;
    let outbox: Outbox;
    let [alice, bob, cleo] = ['', '', ''];
    beforeAll(async () => {
      under = await make();
      const { database } = under;
      timers = new ConversationTimers({ database, clock, timersSeconds });
      groups = new Groups({ database, clock, random: systemRandom, secret: randomBytes(32) });
      outbox = new Outbox(database);
      [alice, bob, cleo] = (await addUsers(database, 3)) as [string, string, string];
    }, 60_000);
    afterAll(() => under.close());

    const pair = (callerId: string, peerId: string): TimerOf => ({
      ...{ callerId, peerId },
      conversationId: directConversationId(callerId, peerId),
    });
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: ParleyError) => error.code,
      );
    const group = async (whoMayEdit: 'everyone' | 'admins'): Promise<string> => {
      const about = { title: 'Hike', description: null, pictureUrl: null, whoMaySend: 'everyone', whoMayEdit } as const;
      const asker = { userId: alice, requestKey: null };
      return (await groups.create(asker, { ...about, maxMembers: 256, memberIds: [bob] })).groupId;
    };

    it('rule 20: either user of a 1:1 conversation sets it, each change once, by the next version', async () => {
      expect(await timers.get(pair(alice, bob))).toBe(0);
      expect(await timers.set(pair(alice, bob), day)).toMatchObject({ version: 1 });
      expect(await timers.get(pair(bob, alice))).toBe(day);
      expect(await timers.set(pair(bob, alice), day)).toMatchObject({ version: 1 });
      expect(await timers.set(pair(bob, alice), 0)).toMatchObject({ version: 2 });
      const rows = await outbox.unsent(directConversationId(alice, bob), 10);
      expect(rows.map(({ version, eventName, event }) => [version, eventName, event])).toMatchObject([
        [
          1,
          'conversation_timer_changed',
          { timer_seconds: day, changed_by: alice, peer_id: bob, directory_version: 1 },
        ],
        [2, 'conversation_timer_changed', { timer_seconds: 0, changed_by: bob, peer_id: alice, directory_version: 2 }],
      ]);
    });

    it('rule 5: nobody else has a say in it, and the id must be that of the pair', async () => {
      const { conversationId } = pair(alice, bob);
      expect(await code(timers.set({ callerId: cleo, conversationId, peerId: alice }, day))).toBe(
        'conversation_mismatch',
      );
      expect(await code(timers.get({ callerId: cleo, conversationId, peerId: alice }))).toBe('conversation_mismatch');
      expect(await code(timers.set({ callerId: alice, conversationId, peerId: null }, day))).toBe(
        'conversation_mismatch',
      );
      const nobody = '00000000-0000-4000-8000-000000000000';
      expect(await code(timers.set(pair(alice, nobody), day))).toBe('not_found');
      expect(await code(timers.set(pair(alice, bob), 60))).toBe('invalid_request');
    });

    it('in a group whoever may edit it sets it, between its other changes', async () => {
      const conversationId = await group('everyone');
      expect(await timers.set({ callerId: bob, conversationId, peerId: null }, 7 * day)).toMatchObject({ version: 2 });
      expect(await timers.get({ callerId: alice, conversationId, peerId: null })).toBe(7 * day);
      expect(await code(timers.set({ callerId: cleo, conversationId, peerId: null }, day))).toBe('not_found');
      expect(await code(timers.get({ callerId: cleo, conversationId, peerId: null }))).toBe('not_found');
      const strict = await group('admins');
      expect(await code(timers.set({ callerId: bob, conversationId: strict, peerId: null }, day))).toBe('forbidden');
      expect(await timers.set({ callerId: alice, conversationId: strict, peerId: null }, day)).toMatchObject({
        version: 2,
      });
      const events = (await outbox.unsent(strict, 10)).map(({ eventName }) => eventName);
      expect(events).toEqual(['conversation_created', 'conversation_timer_changed']);
    });

    it('many who change it at once get versions without a gap', async () => {
      const of = pair(alice, cleo);
      await Promise.all([day, 0, 7 * day, 90 * day, day, 0].map((seconds) => timers.set(of, seconds)));
      const rows = await outbox.unsent(of.conversationId, 100);
      expect(rows.map(({ version }) => version)).toEqual(rows.map((_, index) => index + 1));
      expect(rows.at(-1)?.event['timer_seconds']).toBe(await timers.get(of));
    });
  });
}
