/** What a user is given around a message, of media, of members, and beyond what they have cleared, on whatever stores. */
import { randomUUID } from 'node:crypto';
import { bucketMs } from '@parley/streams/conversation/buckets';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberRow, noonMs } from '../rows.fixture.ts';
import { memberSince, type ProjectedConversation, projectConversation, type Sent } from './conversation.fixture.ts';
import { pageBackward, pageForward } from './paging.fixture.ts';
import type { HistoryUnderTest } from './reader.contract.ts';

export function aroundContract(name: string, runs: number, make: () => Promise<HistoryUnderTest>): void {
  describe(`around, members and cleared contract: ${name}`, () => {
    let under: HistoryUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const steady = (count: number, everyMs: number): Sent[] =>
      Array.from({ length: count }, () => ({ afterMs: everyMs, skewMs: 0 }));
    const clear = (of: ProjectedConversation, seq: number) =>
      under.projections.receiptProjector.project(
        [],
        [
          {
            ...{ conversationId: of.conversationId, userId: of.userId, kind: 'cleared' },
            ...{ value: seq, ordinal: seq, version: seq },
          },
        ],
      );
    const around = async (
      of: ProjectedConversation,
      seq: number | null,
      before: number,
      after: number,
      media = false,
    ) => {
      const messageId = seq === null ? null : of.accepted[seq - 1]!.messageId;
      const query = { conversationId: of.conversationId, messageId, before, after, mediaOnly: media };
      const { rows, coveredFrom, coveredTo, more } = await under.projections.history.around(of.userId, query);
      return { seqs: rows.map((row) => row.seq), coveredFrom, coveredTo, more };
    };
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

    it('gives what stands before and after a message, over empty buckets, and nothing that is hidden', async () => {
      const sent = [...steady(10, 1_000), { afterMs: 7 * bucketMs, skewMs: 9_000 }, ...steady(9, 60_000)];
      const of = await projectConversation(under.projections, { sent, intervals: [memberSince(4, 19)] });
      expect(await around(of, 11, 3, 2)).toEqual({ seqs: range(8, 13), coveredFrom: 8, coveredTo: 13, more: true });
      expect(await around(of, 5, 9, 0)).toEqual({ seqs: [4, 5], coveredFrom: 1, coveredTo: 5, more: true });
      expect(await around(of, 18, 0, 9)).toMatchObject({ seqs: [18], coveredFrom: 18, coveredTo: 20 });
      expect(await around(of, null, 2, 5)).toMatchObject({ seqs: [17, 18], coveredTo: 20 });
      for (const seq of [3, 19]) await expect(around(of, seq, 1, 1)).rejects.toMatchObject({ code: 'not_found' });
      const stranger = { ...of, userId: randomUUID() };
      await expect(around(stranger, 11, 1, 1)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('gives media alone, and covers what it looked through, within bounds', async () => {
      const typeOf = (seq: number) => (seq % 500 === 0 ? 'image' : seq === 2 ? 'audio' : 'text');
      const sent = steady(2_600, 1_000);
      const of = await projectConversation(under.projections, { sent, intervals: [memberSince(1)], typeOf });
      expect(await around(of, 2_600, 1, 0, true)).toMatchObject({
        seqs: [2_500],
        coveredFrom: 2_400,
        coveredTo: 2_600,
      });
      expect(await around(of, 500, 0, 2, true)).toMatchObject({ seqs: [500, 1_000, 1_500], coveredFrom: 500 });
      const far = await around(of, 2_400, 9, 0, true);
      expect(far).toEqual({ seqs: [1_500, 2_000], coveredFrom: 1_400, coveredTo: 2_400, more: true });
      expect((await around(of, null, 2, 0, true)).seqs).toEqual([2_000, 2_500]);
      // From where it looked to, and on, everything is found.
      const found: number[] = [];
      for (let from = 2_600; from > 1; ) {
        const page = await around(of, from, 5, 0, true);
        found.unshift(...page.seqs.filter((seq) => seq < from));
        from = page.coveredFrom;
      }
      expect(found).toEqual([2, 500, 1_000, 1_500, 2_000, 2_500]);
    });

    it('what is cleared is hidden on every path, and covered', async () => {
      const story = fc.record({
        count: fc.integer({ min: 1, max: 60 }),
        cleared: fc.integer({ min: 1, max: 60 }),
        joined: fc.integer({ min: 1, max: 30 }),
        left: fc.option(fc.integer({ min: 31, max: 61 })),
        limit: fc.integer({ min: 1, max: 20 }),
        cursor: fc.nat(60),
      });
      await fc.assert(
        fc.asyncProperty(story, async ({ count, cleared, joined, left, limit, cursor }) => {
          const upTo = Math.min(cleared, count);
          const intervals = [memberSince(joined, left)];
          const of = await projectConversation(under.projections, { sent: steady(count, 20_000), intervals });
          await clear(of, upTo);
          const visible = range(Math.max(joined, upTo + 1), count).filter((seq) => left === null || seq < left);
          const from = Math.min(cursor, count);
          const { seqs } = await pageForward(under.projections.history, of, from, limit);
          expect(seqs).toEqual(visible.filter((seq) => seq > from));
          expect((await pageBackward(under.projections.history, of, 0, limit)).seqs).toEqual(visible);
          await expect(around(of, upTo, 1, 1)).rejects.toMatchObject({ code: 'not_found' });
          const [first] = visible;
          if (first === undefined) return;
          expect(await around(of, first, 5, 0)).toMatchObject({ seqs: [first], coveredFrom: 1 });
        }),
        { numRuns: runs },
      );
    });

    it('tells who was a member at a message, at a time and now, to those who were', async () => {
      const of = await projectConversation(under.projections, {
        sent: steady(10, 60_000),
        intervals: [memberSince(1)],
      });
      const { conversationId, userId } = of;
      const [early, late] = [randomUUID(), randomUUID()];
      await under.projections.members.write(
        [
          memberRow({ conversationId, userId: early, joinedSeq: 1, leftSeq: 6 }),
          memberRow({ conversationId, userId: late, joinedSeq: 8, role: 'admin' }),
        ],
        [],
      );
      const then = async (asker: string, atSeq: number, atMs = 0) => {
        const query = { conversationId, atSeq, atMs };
        const { members, ...rest } = await under.projections.history.membersThen(asker, query);
        return { ...rest, who: members.map((one) => [one.userId, one.joinedSeq, one.leftSeq, one.role]).sort() };
      };
      const me = [userId, 1, null, 'member'];
      const sorted = (...who: unknown[][]) => who.sort();
      expect(await then(userId, 0)).toMatchObject({ atSeq: 10, who: sorted(me, [late, 8, null, 'admin']) });
      expect(await then(userId, 3)).toMatchObject({ atSeq: 3, who: sorted(me, [early, 1, 6, 'member']) });
      expect((await then(userId, 7)).who).toEqual([me]);
      // T of seq 5 is five minutes after the beginning.
      expect(await then(userId, 0, noonMs + 5 * 60_000 + 59_999)).toMatchObject({ atSeq: 5 });
      expect(await then(userId, 0, noonMs + 99 * 60_000)).toMatchObject({ atSeq: 10 });
      await expect(then(userId, 11)).rejects.toMatchObject({ code: 'not_found' });
      await expect(then(userId, 0, noonMs)).rejects.toMatchObject({ code: 'not_found' });
      await expect(then(early, 7)).rejects.toMatchObject({ code: 'not_found' });
      await expect(then(early, 0)).rejects.toMatchObject({ code: 'not_found' });
      await expect(then(randomUUID(), 3)).rejects.toMatchObject({ code: 'not_found' });
    });
  });
}
