/** What blocks do on every SQL that they are kept in. */
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { timersSeconds } from '@parley/streams/conversation/timers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsFixture, type DirectoryUnderTest, outcome } from './accounts.fixture.ts';
import { Blocks } from './blocks.ts';
import { ConversationTimers } from './conversation-timers.ts';

export function blocksContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`blocks contract: ${name}`, () => {
    let under: DirectoryUnderTest;
    let fixture: AccountsFixture;
    beforeAll(async () => {
      under = await make();
      fixture = new AccountsFixture(under.database);
    });
    afterAll(() => under.close());

    const newUser = async (): Promise<string> => (await fixture.register()).userId;
    const outbox = (conversationId: string) =>
      under.database.run((db) =>
        db
          .selectFrom('outbox')
          .select(['version', 'event_name', 'event'])
          .where('conversation_id', '=', conversationId)
          .orderBy('version')
          .execute(),
      );

    it('rule 20: a block and its event are one change, numbered with the conversation of the two', async () => {
      const { blocks } = fixture.accounts;
      const [ann, bob] = [await newUser(), await newUser()];
      const conversationId = directConversationId(ann, bob);
      expect(await blocks.block(ann, bob)).toEqual({ conversationId, version: 1 });
      expect(await blocks.block(ann, bob)).toEqual({ conversationId, version: 1 });
      expect(await blocks.block(bob, ann)).toEqual({ conversationId, version: 2 });
      expect(await blocks.unblock(ann, bob)).toEqual({ conversationId, version: 3 });
      expect(await blocks.unblock(ann, bob)).toEqual({ conversationId, version: 3 });
      const told = (blocker_id: string, blocked_id: string, blocked: boolean) =>
        expect.objectContaining({ conversation_id: conversationId, blocker_id, blocked_id, blocked });
      expect(await outbox(conversationId)).toEqual([
        { version: 1, event_name: 'block_changed', event: told(ann, bob, true) },
        { version: 2, event_name: 'block_changed', event: told(bob, ann, true) },
        { version: 3, event_name: 'block_changed', event: told(ann, bob, false) },
      ]);
    });

    it('refuses what cannot be, and leaves nothing behind', async () => {
      const { blocks } = fixture.accounts;
      const ann = await newUser();
      const nobody = '00000000-0000-4000-8000-00000000dead';
      expect(await outcome(blocks.block(ann, ann))).toBe('invalid_request');
      expect(await outcome(blocks.block(ann, nobody))).toBe('not_found');
      expect(await outcome(blocks.block(nobody, ann))).toBe('not_found');
      expect(await outcome(blocks.block(ann, 'nobody'))).toBe('not_found');
      const conversationId = directConversationId(ann, nobody);
      expect(await blocks.unblock(ann, nobody)).toEqual({ conversationId, version: 0 });
      const query = (id: string) =>
        under.database.run((db) =>
          db.selectFrom('conversations').select('version').where('conversation_id', '=', id).execute(),
        );
      expect(await query(conversationId)).toEqual([]);
    });

    it('holds its bound under blocks at the same time, and lists pages', async () => {
      const few = new Blocks({ database: under.database, clock: fixture.clock, maxPerUser: 3 });
      const ann = await newUser();
      const others = await Promise.all(Array.from({ length: 5 }, newUser));
      const results = await Promise.all(others.map((other) => outcome(few.block(ann, other))));
      expect(results.filter((one) => one === 'done')).toHaveLength(3);
      expect(results.filter((one) => one === 'too_many_blocks')).toHaveLength(2);
      const first = await few.list(ann, null, 2);
      expect(first.blocks).toHaveLength(2);
      const second = await few.list(ann, first.next, 2);
      expect(second).toMatchObject({ next: null });
      const listed = [...first.blocks, ...second.blocks].map(({ userId }) => userId);
      expect(listed).toEqual(others.filter((_, at) => results[at] === 'done').sort());
      expect(await few.list(others[0]!, null, 2)).toEqual({ blocks: [], next: null });
    });

    it('lets two block each other at the same time', async () => {
      const { blocks } = fixture.accounts;
      for (let round = 0; round < 5; round++) {
        const [ann, bob] = [await newUser(), await newUser()];
        const both = await Promise.all([blocks.block(ann, bob), blocks.block(bob, ann)]);
        expect(both.map(({ version }) => version).sort()).toEqual([1, 2]);
      }
    });

    it('is known to whoever asks who may see whom', async () => {
      const { blocks, privacy } = fixture.accounts;
      const [ann, bob] = [await newUser(), await newUser()];
      await blocks.block(ann, bob);
      const pairs = [
        { ownerId: ann, otherId: bob },
        { ownerId: bob, otherId: ann },
      ];
      const both = await privacy.relationsOf(pairs);
      expect(both).toMatchObject([{ isBlocked: true, isContact: false }, { isBlocked: false }]);
      await blocks.unblock(ann, bob);
      expect((await privacy.relationsOf(pairs)).map(({ isBlocked }) => isBlocked)).toEqual([false, false]);
    });

    it('rule 6: the timer that a blocked user sets says nothing, and who blocks is refused', async () => {
      const timers = new ConversationTimers({ database: under.database, clock: fixture.clock, timersSeconds });
      const [ann, bob] = [await newUser(), await newUser()];
      const conversationId = directConversationId(ann, bob);
      await fixture.accounts.blocks.block(ann, bob);
      const byBob = { callerId: bob, conversationId, peerId: ann };
      expect(await timers.set(byBob, 86_400)).toEqual({ version: 1, timerSeconds: 0 });
      expect(await outbox(conversationId)).toHaveLength(1);
      expect(await outcome(timers.set({ callerId: ann, conversationId, peerId: bob }, 86_400))).toBe('blocked_by_you');
    });
  });
}
