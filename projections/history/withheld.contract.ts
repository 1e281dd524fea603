/** What a page of the withheld does on every store (design rule 6). */
import { randomUUID } from 'node:crypto';
import { withheldPartition } from '@parley/schemas/identity/withheld-partition';
import { bucketMs, bucketOfMessageId } from '@parley/streams/conversation/buckets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversationRow, messageIdAt, messageRow, noonMs } from '../rows.fixture.ts';
import type { HistoryUnderTest } from './reader.contract.ts';

export function withheldContract(name: string, make: () => Promise<HistoryUnderTest>): void {
  describe(`withheld contract: ${name}`, () => {
    let under: HistoryUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    /** Written as a processor writes it: three messages in each of three buckets, with an empty one between. */
    const written = async (userId: string, conversationId: string): Promise<string[]> => {
      const partition = withheldPartition(conversationId, userId);
      const times = [0, 1, 3].flatMap((bucket) => [1, 2, 3].map((step) => noonMs + bucket * bucketMs + step));
      const rows = times.map((timeMs) => {
        const about = { conversationId: partition, senderId: userId, seq: 0, ordinal: 0, atMs: timeMs };
        return messageRow({ ...about, messageId: messageIdAt(timeMs) });
      });
      const numbers = [...new Set(rows.map(({ messageId }) => bucketOfMessageId(messageId)))];
      const buckets = numbers.map((bucket) => ({ bucket, subBucket: 0, rows: 3 }));
      await under.projections.conversationProjector.project({
        members: [],
        conversations: [conversationRow({ conversationId: partition, conversationType: 'one_on_one', buckets })],
        messages: rows,
        inbox: [],
      });
      return rows.map(({ messageId }) => messageId);
    };

    it('rule 6: gives the sender their own, page by page over all buckets, under the conversation’s id', async () => {
      const [userId, conversationId] = [randomUUID(), randomUUID()];
      const ids = await written(userId, conversationId);
      for (const limit of [1, 2, 4, 9, 20]) {
        const seen: string[] = [];
        for (let before: string | null = null, more = true; more; ) {
          const page = await under.projections.history.withheld(userId, { conversationId, before, limit });
          expect(page.rows.every((row) => row.conversationId === conversationId && row.seq === 0)).toBe(true);
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          seen.unshift(...page.rows.map(({ messageId }) => messageId));
          before = seen[0] ?? null;
          more = page.more;
        }
        expect(seen).toEqual(ids);
      }
    });

    it('rule 6: gives nobody anything of another user, also not by the side partition’s id', async () => {
      const [userId, conversationId, other] = [randomUUID(), randomUUID(), randomUUID()];
      const [first] = await written(userId, conversationId);
      const { history } = under.projections;
      const query = { before: null, limit: 10 };
      expect(await history.withheld(other, { ...query, conversationId })).toEqual({ rows: [], more: false });
      expect(await history.withheld(userId, { ...query, conversationId: other })).toEqual({ rows: [], more: false });
      const partition = withheldPartition(conversationId, userId);
      const refused = expect.objectContaining({ code: 'not_found' });
      for (const one of [userId, other]) {
        const fetch = { conversationId: partition, afterSeq: 0, afterAtMs: 0, limit: 10 };
        await expect(history.fetch(one, fetch)).rejects.toEqual(refused);
        const before = { conversationId: partition, beforeSeq: 0, beforeAtMs: 0, limit: 10 };
        await expect(history.before(one, before)).rejects.toEqual(refused);
        const around = { conversationId: partition, messageId: first!, before: 5, after: 5, mediaOnly: false };
        await expect(history.around(one, around)).rejects.toEqual(refused);
      }
    });
  });
}
