/** What every MemberStore does (design rules 8 and 9). */
import { randomUUID } from 'node:crypto';
import type { MemberRow } from '@parley/streams/conversation/rows';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversationRow, memberRow } from '../rows.fixture.ts';
import { StoredMemberLookup } from './lookup.ts';
import { isCurrentMember, type MemberStore, maySee } from './store.ts';

export interface MemberStoreUnderTest {
  readonly store: MemberStore;
  close(): Promise<void>;
}

export function memberStoreContract(name: string, make: () => Promise<MemberStoreUnderTest>): void {
  describe(`MemberStore contract: ${name}`, () => {
    let under: MemberStoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const [ann, bob] = [randomUUID(), randomUUID()];
    const interval = ({ joinedSeq, leftSeq, role }: MemberRow) => ({ joinedSeq, leftSeq, role });

    it('shows type, buckets and every interval in one view', async () => {
      const buckets = [
        { bucket: 1990, subBucket: 0, rows: 100_000 },
        { bucket: 1990, subBucket: 1, rows: 7 },
      ];
      const conversation = conversationRow({ buckets });
      const { conversationId } = conversation;
      const first = memberRow({ conversationId, userId: ann, role: 'admin', leftSeq: 9 });
      const again = memberRow({ conversationId, userId: ann, joinedSeq: 300 });
      const other = memberRow({ conversationId, userId: bob });
      await under.store.write([again, other, first], [conversation]);
      const view = await under.store.view(conversationId);
      expect(view).toMatchObject({ conversationId, conversationType: 'group', buckets });
      expect(new Map(view!.intervals)).toEqual(
        new Map([
          [ann, [interval(first), interval(again)]],
          [bob, [interval(other)]],
        ]),
      );
      expect(await under.store.intervalsOf(conversationId, ann)).toEqual([interval(first), interval(again)]);
      expect(await under.store.intervalsOf(conversationId, randomUUID())).toEqual([]);
    });

    it('knows nothing of a conversation that does not exist', async () => {
      expect(await under.store.view(randomUUID())).toBeNull();
      expect(await under.store.intervalsOf(randomUUID(), ann)).toEqual([]);
      const row = memberRow();
      await under.store.write([row], []);
      expect(await under.store.view(row.conversationId)).toBeNull();
      const conversation = conversationRow({ conversationType: 'one_on_one' });
      await under.store.write([], [conversation]);
      expect((await under.store.view(conversation.conversationId))?.intervals.size).toBe(0);
    });

    it('rule 9: an interval closes, and opens again at the same seq', async () => {
      const conversation = conversationRow();
      const { conversationId } = conversation;
      const joined = memberRow({ conversationId, userId: ann, joinedSeq: 5 });
      const left = { ...joined, leftSeq: 8, writeTimestampUs: joined.writeTimestampUs + 1 };
      await under.store.write([joined], [conversation]);
      const lookup = new StoredMemberLookup(under.store);
      expect(await lookup.currentMembers(conversationId)).toEqual([ann]);
      await under.store.write([left], []);
      expect(await lookup.currentMembers(conversationId)).toEqual([]);
      const intervals = await under.store.intervalsOf(conversationId, ann);
      expect([4, 5, 7, 8].map((seq) => maySee(intervals, seq))).toEqual([false, true, true, false]);
      expect(isCurrentMember(intervals)).toBe(false);
      await under.store.write([{ ...joined, writeTimestampUs: joined.writeTimestampUs + 2 }], []);
      expect(await under.store.intervalsOf(conversationId, ann)).toEqual([interval(joined)]);
    });

    it('rule 8: a replay changes nothing, and a worker that writes late loses', async () => {
      const conversation = conversationRow({ buckets: [{ bucket: 1, subBucket: 0, rows: 1 }] });
      const { conversationId } = conversation;
      const joined = memberRow({ conversationId, userId: ann, writeTimestampUs: 100 });
      const left = { ...joined, leftSeq: 4, role: 'admin' as const, writeTimestampUs: 200 };
      const grown = { ...conversation, buckets: [{ bucket: 2, subBucket: 0, rows: 1 }], writeTimestampUs: 2e15 };
      await under.store.write([left], [grown]);
      await under.store.write([joined], [conversation]);
      await under.store.write([left, joined], [grown, conversation]);
      const view = await under.store.view(conversationId);
      expect(view?.intervals.get(ann)).toEqual([interval(left)]);
      expect(view?.buckets).toEqual(grown.buckets);
    });

    it('holds a group of 1,024 that was created at once', async () => {
      const conversation = conversationRow();
      const { conversationId } = conversation;
      const members = Array.from({ length: 1_024 }, () => memberRow({ conversationId }));
      await under.store.write(members, [conversation]);
      const view = await under.store.view(conversationId);
      expect(view?.intervals.size).toBe(1_024);
      expect(new Set(await new StoredMemberLookup(under.store).currentMembers(conversationId))).toEqual(
        new Set(members.map(({ userId }) => userId)),
      );
    });
  });
}
