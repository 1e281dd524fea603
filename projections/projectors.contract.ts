/** What the projectors and look-ups of an adapter do together, on the stores that the other suites have tried one by one. */
import { randomUUID } from 'node:crypto';
import type { ConversationRows } from '@parley/streams/conversation/rows';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unreadCount } from './inbox/store.ts';
import type { Projections } from './projections.ts';
import { conversationRow, inboxRow, memberRow, messageRow, receiptRow } from './rows.fixture.ts';

export interface ProjectionsUnderTest {
  readonly projections: Projections;
  readonly metrics: Registry;
  close(): Promise<void>;
}

export async function storeWrites(metrics: Registry): Promise<Record<string, number>> {
  const metric = await metrics.getSingleMetric('parley_store_writes_total')!.get();
  return Object.fromEntries(metric.values.map(({ labels, value }) => [String(labels['table']), value]));
}

export function projectorsContract(name: string, make: () => Promise<ProjectionsUnderTest>): void {
  describe(`projectors contract: ${name}`, () => {
    let under: ProjectionsUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    /** The first message of a 1:1 conversation, from Ann to Bob. */
    const firstMessage = () => {
      const [conversationId, ann, bob] = [randomUUID(), randomUUID(), randomUUID()];
      const message = messageRow({ conversationId, senderId: ann, preview: 'hello' });
      const { bucket, subBucket, writeTimestampUs } = message;
      const common = {
        conversationId,
        conversationType: 'one_on_one' as const,
        lastMessage: { preview: 'hello', atMs: message.atMs },
        writeTimestampUs,
      };
      const rows: ConversationRows = {
        members: [ann, bob].map((userId) => memberRow({ conversationId, userId })),
        conversations: [
          conversationRow({
            conversationId,
            conversationType: 'one_on_one',
            buckets: [{ bucket, subBucket, rows: 1 }],
          }),
        ],
        messages: [message],
        inbox: [
          inboxRow({ ...common, userId: ann, otherUserId: bob, ownOrdinal: 1 }),
          inboxRow({ ...common, userId: bob, otherUserId: ann }),
        ],
      };
      return { conversationId, ann, bob, message, rows };
    };

    it('projects a message so that every reader finds it, once, however often it is projected', async () => {
      const { conversationId, ann, bob, message, rows } = firstMessage();
      const { conversationProjector, messageLookup, memberLookup, inbox, history } = under.projections;
      for (let i = 0; i < 2; i++) await conversationProjector.project(rows);
      expect(await messageLookup.find(conversationId, message.messageId)).toEqual(message);
      expect(new Set(await memberLookup.currentMembers(conversationId))).toEqual(new Set([ann, bob]));
      expect(unreadCount((await inbox.get(bob, conversationId))!)).toBe(1);
      expect(unreadCount((await inbox.get(ann, conversationId))!)).toBe(0);
      const page = await history.fetch(bob, { conversationId, afterSeq: 0, afterAtMs: 0, limit: 10 });
      expect(page).toMatchObject({
        coveredFrom: 1,
        coveredTo: 1,
        coveredToAtMs: message.atMs,
        more: false,
        rows: [message],
      });
    });

    it('finds nothing where there is nothing, and under names that are none', async () => {
      const { messageLookup, memberLookup } = under.projections;
      const { conversationId, message, rows } = firstMessage();
      await under.projections.conversationProjector.project(rows);
      expect(await messageLookup.find(randomUUID(), message.messageId)).toBeNull();
      expect(await messageLookup.find('nobody', message.messageId)).toBeNull();
      expect(await messageLookup.find(conversationId, 'nothing')).toBeNull();
      expect(await memberLookup.currentMembers(randomUUID())).toEqual([]);
      expect(await memberLookup.currentMembers('nobody')).toEqual([]);
    });

    it('rule 18: a read receipt advances the watermark and the conversation list, a delivered one the watermark', async () => {
      const { conversationId, bob, rows } = firstMessage();
      const { conversationProjector, receiptProjector, receipts, inbox } = under.projections;
      await conversationProjector.project(rows);
      const receipt = receiptRow({ conversationId, userId: bob, seq: 1, ordinal: 1, atMs: Date.now() });
      await receiptProjector.project([receipt], []);
      expect(unreadCount((await inbox.get(bob, conversationId))!)).toBe(1);
      await receiptProjector.project([{ ...receipt, kind: 'read' }, receipt], []);
      expect(unreadCount((await inbox.get(bob, conversationId))!)).toBe(0);
      expect(await receipts.watermarks(conversationId, bob)).toHaveLength(2);
      expect(await receipts.reachedAt(conversationId, bob, 'read', 1)).toBe(receipt.atMs);
    });

    it('writes at most 5 mutations for a 1:1 message with its state and its receipt', async () => {
      const { conversationId, bob, rows } = firstMessage();
      const { conversationProjector, receiptProjector, foldState } = under.projections;
      await conversationProjector.project(rows);
      const before = await storeWrites(under.metrics);
      const [first] = rows.messages;
      const next = messageRow({ ...first!, messageId: messageRow().messageId, seq: 2 });
      await conversationProjector.project({ members: [], conversations: [], messages: [next], inbox: rows.inbox });
      await foldState.save([{ conversationId, snapshot: Buffer.alloc(500), offset: 2, writeTimestampUs: 2 }]);
      await receiptProjector.project([receiptRow({ conversationId, userId: bob, seq: 2 })], []);
      const after = await storeWrites(under.metrics);
      const spent = Object.fromEntries(Object.entries(after).map(([table, n]) => [table, n - (before[table] ?? 0)]));
      expect(spent).toEqual({ members: 0, messages: 1, inbox: 2, fold_states: 1, receipts: 1 });
    });
  });
}
