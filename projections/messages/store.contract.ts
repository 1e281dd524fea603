/** What every MessageStore does (design rules 8 and 12). */
import { randomBytes, randomUUID } from 'node:crypto';
import type { SystemChange } from '@parley/schemas/generated/wire';
import { highestMessageId, lowestMessageId } from '@parley/schemas/identity/message-id';
import { bucketMs, bucketOfTime } from '@parley/streams/conversation/buckets';
import type { MessageRow } from '@parley/streams/conversation/rows';
import { systemDeviceId } from '@parley/streams/conversation/system-message';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { messageIdAt, messageRow, noonMs } from '../rows.fixture.ts';
import type { BucketScan, MessageStore } from './store.ts';

export interface MessageStoreUnderTest {
  readonly store: MessageStore;
  close(): Promise<void>;
}

export function messageStoreContract(name: string, make: () => Promise<MessageStoreUnderTest>): void {
  describe(`MessageStore contract: ${name}`, () => {
    let under: MessageStoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const ref = ({ bucket, subBucket }: MessageRow) => ({ bucket, subBucket, rows: 1 });
    const whole = (row: MessageRow, about: Partial<BucketScan> = {}): BucketScan => ({
      conversationId: row.conversationId,
      bucket: ref(row),
      fromMessageId: lowestMessageId(0),
      toMessageId: highestMessageId(2 ** 48 - 1),
      limit: 100,
      order: 'ascending',
      ...about,
    });
    const burst = (conversationId: string, count: number): MessageRow[] =>
      Array.from({ length: count }, (_, i) =>
        messageRow({ conversationId, seq: i + 1, messageId: messageIdAt(noonMs + i * 1000), atMs: noonMs + i * 1000 }),
      );

    it('gives back what was written, field by field', async () => {
      const row = messageRow({
        messageType: 'mls',
        encryptedBody: randomBytes(65_536),
        preview: 'קצר 👩‍👩‍👧 \u0000 ',
        mediaUrl: 'https://media/1',
        thumbnailUrl: '',
        replyTo: messageIdAt(noonMs - 1),
        targetId: messageIdAt(noonMs - 2),
        seq: 2 ** 40,
        ordinal: 2 ** 40 - 1,
      });
      await under.store.write([row]);
      expect(await under.store.scan(whole(row))).toEqual([row]);
      const empty = messageRow({ encryptedBody: Buffer.alloc(0), preview: '' });
      await under.store.write([empty]);
      expect(await under.store.scan(whole(empty))).toEqual([empty]);
    });

    it('rule 23: finds a message until it disappears, and does not write one that has', async () => {
      const expiresAtMs = Date.now() + 1_500;
      const row = messageRow({ expiresAtMs, preview: 'soon gone' });
      await under.store.write([row]);
      expect(await under.store.find(row.conversationId, row.messageId, [ref(row)])).toEqual(row);
      expect(await under.store.scan(whole(row))).toEqual([row]);
      const find = () => under.store.find(row.conversationId, row.messageId, [ref(row)]);
      await vi.waitFor(async () => expect(await find()).toBeNull(), { timeout: 10_000 });
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
      const late = messageRow({ expiresAtMs });
      await under.store.write([late]);
      expect(await under.store.scan(whole(late))).toEqual([]);
    });

    it('gives back what a system message tells', async () => {
      const userIds = Array.from({ length: 1_024 }, () => randomUUID());
      for (const system of [
        { kind: 'created', actor_id: userIds[0]!, user_ids: userIds, text: 'קפה ☕' },
        { kind: 'described', actor_id: userIds[0]!, user_ids: [], text: '' },
        { kind: 'left', actor_id: userIds[0]!, user_ids: [userIds[0]!], text: null },
      ] satisfies SystemChange[]) {
        const nobody = { encryptedBody: Buffer.alloc(0), senderDeviceId: systemDeviceId };
        const row = messageRow({ ...nobody, messageType: 'system', system });
        await under.store.write([row]);
        expect(await under.store.scan(whole(row))).toEqual([row]);
        expect(await under.store.find(row.conversationId, row.messageId, [ref(row)])).toEqual(row);
      }
    });

    it('gives back what a message of the key agreement says in clear', async () => {
      const header = { group_id: randomBytes(255), generation: 1, epoch: 2 ** 40, after_seq: 7 };
      for (const mls of [
        { ...header, kind: 'commit' as const, recipient_id: null },
        { ...header, kind: 'welcome' as const, recipient_id: randomUUID() },
      ]) {
        const row = messageRow({ messageType: 'mls', mls });
        await under.store.write([row]);
        expect(await under.store.scan(whole(row))).toEqual([row]);
      }
    });

    it('scans ascending and descending, with bounds and a limit', async () => {
      const rows = burst(randomUUID(), 10);
      await under.store.write(rows.toReversed());
      const first = rows[0]!;
      expect(await under.store.scan(whole(first))).toEqual(rows);
      expect(await under.store.scan(whole(first, { order: 'descending' }))).toEqual(rows.toReversed());
      const bounds = { fromMessageId: rows[2]!.messageId, toMessageId: rows[7]!.messageId };
      expect(await under.store.scan(whole(first, bounds))).toEqual(rows.slice(2, 8));
      expect(await under.store.scan(whole(first, { ...bounds, limit: 3 }))).toEqual(rows.slice(2, 5));
      expect(await under.store.scan(whole(first, { ...bounds, limit: 3, order: 'descending' }))).toEqual(
        rows.slice(5, 8).toReversed(),
      );
      expect(await under.store.scan(whole(messageRow()))).toEqual([]);
    });

    it('leaves out rows by seq before it counts them', async () => {
      const rows = burst(randomUUID(), 300);
      await under.store.write(rows);
      const first = rows[0]!;
      const seqs = async (about: Partial<BucketScan>) =>
        (await under.store.scan(whole(first, about))).map(({ seq }) => seq);
      expect(await seqs({ seqAbove: 250, limit: 3 })).toEqual([251, 252, 253]);
      expect(await seqs({ seqBelow: 4, order: 'descending', limit: 2 })).toEqual([3, 2]);
      expect(await seqs({ seqAbove: 3, seqBelow: 6 })).toEqual([4, 5]);
      expect(await seqs({ seqAbove: 300 })).toEqual([]);
    });

    it('keeps conversations, buckets and sub-buckets apart', async () => {
      const one = messageRow();
      const nextBucket = messageRow({ ...one, bucket: one.bucket + 1, seq: 2 });
      const nextSubBucket = messageRow({ ...one, subBucket: 1, seq: 3 });
      const other = messageRow({ ...one, conversationId: randomUUID(), seq: 4 });
      await under.store.write([one, nextBucket, nextSubBucket, other]);
      for (const row of [one, nextBucket, nextSubBucket, other]) {
        expect(await under.store.scan(whole(row))).toEqual([row]);
      }
    });

    it('finds a row by its id in any sub-bucket of its bucket', async () => {
      const conversationId = randomUUID();
      const edgeMs = (bucketOfTime(noonMs) + 1) * bucketMs;
      const first = messageRow({ conversationId, messageId: messageIdAt(edgeMs - 1) });
      const later = messageRow({ conversationId, messageId: messageIdAt(edgeMs), subBucket: 2 });
      await under.store.write([first, later]);
      expect(later.bucket).toBe(first.bucket + 1);
      const buckets = [ref(first), { ...ref(later), subBucket: 0 }, { ...ref(later), subBucket: 1 }, ref(later)];
      expect(await under.store.find(conversationId, first.messageId, buckets)).toEqual(first);
      expect(await under.store.find(conversationId, later.messageId, buckets)).toEqual(later);
      expect(await under.store.find(conversationId, later.messageId, buckets.slice(0, 3))).toBeNull();
      expect(await under.store.find(conversationId, messageIdAt(edgeMs), buckets)).toBeNull();
      expect(await under.store.find(conversationId, 'no ulid', buckets)).toBeNull();
      expect(await under.store.find(randomUUID(), first.messageId, buckets)).toBeNull();
    });

    it('rule 8: a replay changes nothing, and a worker that writes late loses', async () => {
      const row = messageRow({ preview: 'kept' });
      await under.store.write([row]);
      await under.store.write([row, row]);
      await under.store.write([{ ...row, preview: 'late', writeTimestampUs: row.writeTimestampUs - 1 }]);
      expect(await under.store.scan(whole(row))).toEqual([row]);
      const newer = { ...row, preview: 'newer', writeTimestampUs: row.writeTimestampUs + 1 };
      await under.store.write([newer]);
      await under.store.write([row]);
      expect(await under.store.scan(whole(row))).toEqual([newer]);
    });

    it('refuses a row whose key is none, and writes the others of another call', async () => {
      const row = messageRow();
      const refused = under.store.write([messageRow({ conversationId: 'not a uuid' })]);
      const written = under.store.write([row]);
      await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
      await written;
      expect(await under.store.scan(whole(row))).toEqual([row]);
    });
  });
}
