/** What history and sync promise, on whatever stores (design rules 9, 12 and 13). */

import { randomUUID } from 'node:crypto';
import { systemClock } from '@parley/schemas/environment/system';
import { bucketMs } from '@parley/streams/conversation/buckets';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MembershipInterval, maySee } from '../members/store.ts';
import type { Projections } from '../projections.ts';
import { inboxRow, memberRow } from '../rows.fixture.ts';
import { memberSince, type ProjectedConversation, projectConversation, type Sent } from './conversation.fixture.ts';
import { pageBackward, pageForward } from './paging.fixture.ts';
import { HistoryReader } from './reader.ts';
import { productionSizes, type ReadingSizes } from './reading.ts';

const skew = fc.integer({ min: -30_000, max: 30_000 });

/** A pause before a message: none, a moment, around the margins, or longer than a bucket. */
const afterMs = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 20_000, max: 130_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: bucketMs / 2, max: 3 * bucketMs }) },
);

const sentMessage: fc.Arbitrary<Sent> = fc.record({ afterMs, skewMs: skew });

/** Cuts [1, …) at ascending seqs into in, out, in, out … */
const membership = fc
  .uniqueArray(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 5 })
  .map((cuts): MembershipInterval[] => {
    const sorted = cuts.sort((a, b) => a - b);
    return sorted.flatMap((cut, index) => (index % 2 === 0 ? [memberSince(cut, sorted[index + 1] ?? null)] : []));
  });

const always = fc.constant([memberSince(1)]);

const plan = fc.record({
  sent: fc.array(sentMessage, { minLength: 0, maxLength: 120 }),
  intervals: fc.oneof(always, membership),
  expired: fc.oneof(
    fc.constant(new Set<number>()),
    fc.uniqueArray(fc.integer({ min: 1, max: 120 }), { maxLength: 60 }).map((seqs) => new Set(seqs)),
    fc.integer({ min: 1, max: 120 }).map((upTo) => new Set(Array.from({ length: upTo }, (_, i) => i + 1))),
  ),
  maxRowsPerSubBucket: fc.constantFrom(3, 10, 100_000),
});

const sizes: fc.Arbitrary<ReadingSizes> = fc.oneof(
  fc.constant(productionSizes),
  fc.record({
    spareRows: fc.constantFrom(0, 3),
    maxChunkRows: fc.constantFrom(1, 2, 7),
    heldRows: fc.constantFrom(0, 1, 8),
    budgetRows: fc.constantFrom(1, 20, 1_000),
  }),
);

const limit = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 150 }));

export interface HistoryUnderTest {
  readonly projections: Projections;
  close(): Promise<void>;
}

export function historyContract(name: string, runs: number, make: () => Promise<HistoryUnderTest>): void {
  describe(`HistoryReader contract: ${name}`, () => {
    let under: HistoryUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const visibleOf = ({ stored }: ProjectedConversation, intervals: readonly MembershipInterval[]): number[] =>
      stored.map(({ seq }) => seq).filter((seq) => maySee(intervals, seq));
    const steady = (count: number, everyMs: number): Sent[] =>
      Array.from({ length: count }, () => ({ afterMs: everyMs, skewMs: 0 }));
    const fetch = (of: ProjectedConversation, afterSeq: number, atMs: number, pageLimit = 100) =>
      under.projections.history.fetch(of.userId, {
        conversationId: of.conversationId,
        afterSeq,
        afterAtMs: atMs,
        limit: pageLimit,
      });

    it('rule 13: paging forward from any cursor gives exactly the visible seqs, in order, and always gets on', async () => {
      await fc.assert(
        fc.asyncProperty(plan, limit, sizes, fc.nat(125), async (planned, pageLimit, readingSizes, cursor) => {
          const history = new HistoryReader(under.projections, systemClock, readingSizes);
          const conversation = await projectConversation(under.projections, planned);
          const from = Math.min(cursor, conversation.accepted.length);
          const { seqs } = await pageForward(history, conversation, from, pageLimit);
          expect(seqs).toEqual(visibleOf(conversation, planned.intervals).filter((seq) => seq > from));
        }),
        { numRuns: runs },
      );
    });

    it('rule 12: paging backward from anywhere gives exactly the visible seqs, in order, and always gets on', async () => {
      await fc.assert(
        fc.asyncProperty(plan, limit, sizes, fc.nat(125), async (planned, pageLimit, readingSizes, cursor) => {
          const history = new HistoryReader(under.projections, systemClock, readingSizes);
          const conversation = await projectConversation(under.projections, planned);
          const before = cursor > conversation.accepted.length ? 0 : cursor;
          const { seqs } = await pageBackward(history, conversation, before, pageLimit);
          expect(seqs).toEqual(
            visibleOf(conversation, planned.intervals).filter((seq) => before === 0 || seq < before),
          );
        }),
        { numRuns: runs },
      );
    });

    it('sorts 10,000 messages of one second by seq, whatever their ids', async () => {
      const sent = Array.from({ length: 10_000 }, (_, i) => ({
        afterMs: i % 10 === 0 ? 1 : 0,
        skewMs: (i * 7919) % 900,
      }));
      const conversation = await projectConversation(under.projections, { sent, intervals: [memberSince(1)] });
      const { seqs, pages } = await pageForward(under.projections.history, conversation, 0, 500);
      expect(seqs).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
      expect(pages).toBe(20);
      const middle = await pageBackward(under.projections.history, conversation, 5_001, 500);
      expect(middle.seqs).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 1));
    }, 60_000);

    it('takes a device that slept for two buckets on from its cursor, a page at a time', async () => {
      const sent = [...steady(50, 1_000), { afterMs: 2 * bucketMs, skewMs: 0 }, ...steady(99, 60_000)];
      const conversation = await projectConversation(under.projections, { sent, intervals: [memberSince(1)] });
      const { seqs, pages } = await pageForward(under.projections.history, conversation, 40, 30);
      expect(seqs).toEqual(Array.from({ length: 110 }, (_, i) => 41 + i));
      expect(pages).toBe(4);
    });

    it('finds where one who joined late may begin without reading what came before', async () => {
      const intervals = [memberSince(4_990)];
      const conversation = await projectConversation(under.projections, { sent: steady(5_000, 3_000), intervals });
      const page = await fetch(conversation, 0, 0);
      expect(page.rows.map(({ seq }) => seq)).toEqual([
        4_990, 4_991, 4_992, 4_993, 4_994, 4_995, 4_996, 4_997, 4_998, 4_999, 5_000,
      ]);
      expect(page).toMatchObject({ coveredFrom: 1, coveredTo: 5_000, more: false });
    });

    it('reads little of what is hidden between two stays', async () => {
      const intervals = [memberSince(1, 11), memberSince(4_990)];
      const conversation = await projectConversation(under.projections, { sent: steady(5_000, 3_000), intervals });
      const { inbox, members, messages } = under.projections;
      let rowsRead = 0;
      const counting = new HistoryReader(
        {
          inbox,
          members,
          messages: {
            write: (rows) => messages.write(rows),
            find: (...args) => messages.find(...args),
            scan: async (scan) => {
              const rows = await messages.scan(scan);
              rowsRead += rows.length;
              return rows;
            },
          },
        },
        systemClock,
      );
      const seqs = [...Array.from({ length: 10 }, (_, i) => i + 1), ...Array.from({ length: 11 }, (_, i) => 4_990 + i)];
      expect((await pageForward(counting, conversation, 0, 20)).seqs).toEqual(seqs);
      expect((await pageBackward(counting, conversation, 0, 20)).seqs).toEqual(seqs);
      expect(rowsRead).toBeLessThan(700);
    });

    it('finds the edge of a stay where clocks are as wrong as they may be', async () => {
      const early = Array.from({ length: 50 }, () => ({ afterMs: 1_000, skewMs: 0 }));
      const behind = Array.from({ length: 50 }, () => ({ afterMs: 1_000, skewMs: -30_000 }));
      const ahead = Array.from({ length: 50 }, () => ({ afterMs: 1_000, skewMs: 30_000 }));
      const joined = { sent: [...early, ...behind], intervals: [memberSince(51)] };
      const joiner = await projectConversation(under.projections, joined);
      const tail = Array.from({ length: 50 }, (_, i) => 51 + i);
      expect((await pageForward(under.projections.history, joiner, 0, 20)).seqs).toEqual(tail);
      const gone = { sent: [...ahead, ...early], intervals: [memberSince(1, 51)] };
      const leaver = await projectConversation(under.projections, gone);
      const head = Array.from({ length: 50 }, (_, i) => 1 + i);
      expect((await pageBackward(under.projections.history, leaver, 0, 20)).seqs).toEqual(head);
    });

    it('rule 13: claims nothing above the last_seq that the inbox told before the rows were read', async () => {
      const conversation = await projectConversation(under.projections, {
        sent: steady(20, 1_000),
        intervals: [memberSince(1)],
      });
      const { inbox, members, messages } = under.projections;
      const behind = new HistoryReader(
        {
          members,
          messages,
          inbox: {
            ...inbox,
            get: async (userId, conversationId) => ({ ...(await inbox.get(userId, conversationId))!, lastSeq: 12 }),
          },
        },
        systemClock,
      );
      const query = {
        conversationId: conversation.conversationId,
        afterSeq: 10,
        afterAtMs: conversation.atMsOf(10),
        limit: 50,
      };
      const page = await behind.fetch(conversation.userId, query);
      expect(page).toMatchObject({ coveredFrom: 11, coveredTo: 12, lastSeq: 12, more: false });
      expect(page.rows.map(({ seq }) => seq)).toEqual([11, 12]);
      const newest = { conversationId: conversation.conversationId, beforeSeq: 0, beforeAtMs: 0, limit: 50 };
      expect(await behind.before(conversation.userId, newest)).toMatchObject({ coveredFrom: 1, coveredTo: 12 });
      const ahead = await behind.fetch(conversation.userId, {
        ...query,
        afterSeq: 15,
        afterAtMs: conversation.atMsOf(15),
      });
      expect(ahead).toMatchObject({ coveredFrom: 16, coveredTo: 15, rows: [], more: false });
    });

    it('rule 9: one who is removed while the rows are read gets nothing from after the removal', async () => {
      const conversation = await projectConversation(under.projections, {
        sent: steady(10, 1_000),
        intervals: [memberSince(1)],
      });
      const { conversationId, userId } = conversation;
      const { inbox, members, messages, conversationProjector } = under.projections;
      const removing = new HistoryReader(
        {
          inbox,
          members,
          messages: {
            write: (rows) => messages.write(rows),
            find: (...args) => messages.find(...args),
            scan: async (scan) => {
              const rows = await messages.scan(scan);
              const removed = memberRow({ conversationId, userId, joinedSeq: 1, leftSeq: 8, writeTimestampUs: 2e15 });
              await conversationProjector.project({ members: [removed], conversations: [], messages: [], inbox: [] });
              return rows;
            },
          },
        },
        systemClock,
      );
      const page = await removing.fetch(userId, {
        conversationId,
        afterSeq: 5,
        afterAtMs: conversation.atMsOf(5),
        limit: 50,
      });
      expect(page.rows.map(({ seq }) => seq)).toEqual([6, 7]);
      expect(page).toMatchObject({ coveredTo: 10, more: false });
    });

    it('rule 9: knows nothing for one who never was a member, nor of what does not exist', async () => {
      const conversation = await projectConversation(under.projections, {
        sent: steady(3, 1_000),
        intervals: [memberSince(1)],
      });
      const { history } = under.projections;
      const stranger = randomUUID();
      const at = { afterSeq: 0, afterAtMs: 0, limit: 10 };
      const from = { beforeSeq: 0, beforeAtMs: 0, limit: 10 };
      for (const conversationId of [conversation.conversationId, randomUUID(), 'not a uuid', '']) {
        await expect(history.fetch(stranger, { conversationId, ...at })).rejects.toMatchObject({ code: 'not_found' });
        await expect(history.before(stranger, { conversationId, ...from })).rejects.toMatchObject({
          code: 'not_found',
        });
      }
      // An inbox row alone, as a forged or a stray one, opens nothing.
      await under.projections.inbox.write([
        inboxRow({ userId: stranger, conversationId: conversation.conversationId, lastSeq: 3 }),
      ]);
      await expect(
        history.fetch(stranger, { conversationId: conversation.conversationId, ...at }),
      ).rejects.toMatchObject({ code: 'not_found' });
    });

    it('answers a cursor without a time, and one with a time that is far too early', async () => {
      const conversation = await projectConversation(under.projections, {
        sent: steady(3_000, 5_000),
        intervals: [memberSince(1)],
      });
      for (const atMs of [0, conversation.atMsOf(1), conversation.atMsOf(2_900)]) {
        const page = await fetch(conversation, 2_900, atMs, 20);
        expect(page.rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => 2_901 + i));
      }
    });
  });
}
