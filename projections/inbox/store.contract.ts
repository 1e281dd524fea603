/** What every InboxStore does (design rule 8). */
import { randomUUID } from 'node:crypto';
import type { PersonalMark } from '@parley/streams/processors/ports';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inboxRow, noonMs } from '../rows.fixture.ts';
import { type InboxStore, unreadCount } from './store.ts';

export interface InboxStoreUnderTest {
  readonly store: InboxStore;
  /** Statements so far that read, where the store has such. */
  reads?(): number;
  close(): Promise<void>;
}

export function inboxStoreContract(name: string, make: () => Promise<InboxStoreUnderTest>): void {
  describe(`InboxStore contract: ${name}`, () => {
    let under: InboxStoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const key = () => ({ userId: randomUUID(), conversationId: randomUUID() });
    const get = ({ userId, conversationId }: { userId: string; conversationId: string }) =>
      under.store.get(userId, conversationId);

    it('rule 23: shows a preview until it disappears, and a later one that stays', async () => {
      const expiresAtMs = Date.now() + 1_500;
      const row = inboxRow({ lastMessage: { preview: 'soon gone', atMs: noonMs, expiresAtMs } });
      const next = { lastMessage: { preview: 'stays', atMs: noonMs + 1 }, writeTimestampUs: row.writeTimestampUs + 1 };
      const other = inboxRow({ ...row, conversationId: randomUUID() });
      await under.store.write([row, other, { ...other, ...next }]);
      expect(await get(row)).toMatchObject({ lastMessagePreview: 'soon gone', lastMessageAtMs: noonMs });
      await vi.waitFor(async () => expect((await get(row))?.lastMessagePreview).toBeNull(), { timeout: 10_000 });
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
      expect(await get(row)).toMatchObject({ lastMessageAtMs: noonMs, lastSeq: row.lastSeq });
      expect(await get(other)).toMatchObject({ lastMessagePreview: 'stays' });
      await under.store.write([{ ...row, conversationId: row.conversationId }]);
      expect((await get(row))?.lastMessagePreview).toBeNull();
    });

    it('rule 23: shows no preview of an earlier message, though the later one came at the same moment and has none', async () => {
      const expiresAtMs = Date.now() + 60_000;
      const row = inboxRow({ lastMessage: { preview: 'of the first', atMs: noonMs, expiresAtMs } });
      await under.store.write([row]);
      await under.store.write([
        { ...row, lastMessage: { preview: null, atMs: noonMs }, writeTimestampUs: row.writeTimestampUs + 1 },
      ]);
      expect(await get(row)).toMatchObject({ lastMessagePreview: null, lastMessageAtMs: noonMs });
    });

    it('gives back what was written, and defaults for what was not', async () => {
      const row = inboxRow({ lastSeq: 7, lastOrdinal: 5 });
      await under.store.write([row]);
      expect(await get(row)).toEqual({
        conversationId: row.conversationId,
        conversationType: 'group',
        otherUserId: null,
        lastMessagePreview: null,
        lastMessageAtMs: null,
        lastSeq: 7,
        lastOrdinal: 5,
        ownOrdinal: 0,
        leftSeq: null,
        readSeq: 0,
        readOrdinal: 0,
        clearedSeq: 0,
        clearedOrdinal: 0,
        flags: {},
      });
      const direct = inboxRow({
        conversationType: 'one_on_one',
        otherUserId: randomUUID(),
        lastMessage: { preview: 'שלום 👋', atMs: noonMs },
        ownOrdinal: 1,
        leftSeq: 3,
      });
      await under.store.write([direct]);
      expect(await get(direct)).toMatchObject({
        conversationType: 'one_on_one',
        otherUserId: direct.otherUserId,
        lastMessagePreview: 'שלום 👋',
        lastMessageAtMs: noonMs,
        ownOrdinal: 1,
        leftSeq: 3,
      });
      expect(await get(key())).toBeNull();
    });

    it('keeps the columns that a later row does not write', async () => {
      const first = inboxRow({ lastMessage: { preview: 'first', atMs: noonMs }, ownOrdinal: 1 });
      const later = { ...inboxRow(first), writeTimestampUs: first.writeTimestampUs + 1, lastSeq: 2, lastOrdinal: 1 };
      const { lastMessage: _, ownOrdinal: __, ...edit } = later;
      await under.store.write([first]);
      await under.store.write([edit]);
      const expected = { lastSeq: 2, lastMessagePreview: 'first', ownOrdinal: 1 };
      expect(await get(first)).toMatchObject(expected);
      const together = { ...first, ...key() };
      await under.store.write([
        together,
        { ...edit, userId: together.userId, conversationId: together.conversationId },
      ]);
      expect(await get(together)).toMatchObject(expected);
    });

    it('tells an empty preview from none, and forgets the one before', async () => {
      const row = inboxRow({ lastMessage: { preview: 'told', atMs: noonMs } });
      const us = row.writeTimestampUs;
      await under.store.write([row]);
      await under.store.write([{ ...row, writeTimestampUs: us + 1, lastMessage: { preview: '', atMs: noonMs + 1 } }]);
      expect(await get(row)).toMatchObject({ lastMessagePreview: '', lastMessageAtMs: noonMs + 1 });
      await under.store.write([{ ...row, writeTimestampUs: us + 2, lastMessage: { preview: null, atMs: noonMs + 2 } }]);
      expect(await get(row)).toMatchObject({ lastMessagePreview: null, lastMessageAtMs: noonMs + 2 });
    });

    it('says that a member left, and no longer once they are back', async () => {
      const row = inboxRow({ leftSeq: 4 });
      await under.store.write([row]);
      expect((await get(row))?.leftSeq).toBe(4);
      await under.store.write([{ ...row, writeTimestampUs: row.writeTimestampUs + 1, leftSeq: null }]);
      expect((await get(row))?.leftSeq).toBeNull();
    });

    it('rule 8: each column keeps its latest write, in whatever order writes come', async () => {
      const of = key();
      const rows = [
        inboxRow({ ...of, writeTimestampUs: 10, lastSeq: 1, lastMessage: { preview: 'a', atMs: 1 }, ownOrdinal: 1 }),
        inboxRow({ ...of, writeTimestampUs: 20, lastSeq: 2, lastMessage: { preview: 'b', atMs: 2 } }),
        inboxRow({ ...of, writeTimestampUs: 30, lastSeq: 3, lastOrdinal: 2, leftSeq: 4 }),
        inboxRow({ ...of, writeTimestampUs: 40, lastSeq: 4, lastOrdinal: 3, ownOrdinal: 3, leftSeq: null }),
      ];
      const end = {
        lastSeq: 4,
        lastOrdinal: 3,
        lastMessagePreview: 'b',
        lastMessageAtMs: 2,
        ownOrdinal: 3,
        leftSeq: null,
      };
      for (const row of rows.toReversed()) await under.store.write([row]);
      expect(await get(of)).toMatchObject(end);
      await under.store.write(rows);
      await under.store.write([rows[1]!]);
      expect(await get(of)).toMatchObject(end);
      const batched = key();
      await under.store.write(rows.toReversed().map((row) => ({ ...row, ...batched })));
      expect(await get(batched)).toMatchObject(end);
    });

    it('rule 8: of a mark the greatest version stands, in whatever order they come, and the others are not touched', async () => {
      const row = inboxRow({ lastSeq: 9, lastOrdinal: 9 });
      await under.store.write([row]);
      const us = 1_700_000_000_000_000;
      const mark = (kind: PersonalMark['kind'], value: number, version: number): PersonalMark => ({
        ...{ userId: row.userId, conversationId: row.conversationId, ordinal: 0 },
        ...{ kind, value, version },
      });
      const marks = [mark('pinned', 5, us), mark('pinned', 0, us + 2), mark('pinned', 7, us + 1), mark('muted', 8, us)];
      for (const one of marks) await under.store.mark([one]);
      const end = { pinned: { value: 0, version: us + 2 }, muted: { value: 8, version: us } };
      expect((await get(row))?.flags).toEqual(end);
      await under.store.mark(marks.toReversed());
      await under.store.mark([mark('archived', 1, us), mark('unread', 1, us), mark('archived', 0, us)]);
      expect((await get(row))?.flags).toEqual({
        ...end,
        archived: { value: 1, version: us },
        unread: { value: 1, version: us },
      });
      expect(await get(row)).toMatchObject({ lastSeq: 9, readSeq: 0, clearedSeq: 0 });
    });

    it('rule 8: what is cleared is the maximum; it hides the preview and what is unread below it', async () => {
      const row = inboxRow({ lastSeq: 30, lastOrdinal: 20, lastMessage: { preview: 'told', atMs: noonMs } });
      const of = { userId: row.userId, conversationId: row.conversationId };
      const clear = (value: number, ordinal: number) =>
        under.store.mark([{ ...of, kind: 'cleared', value, ordinal, version: value }]);
      await under.store.write([row]);
      for (const [value, ordinal] of [
        [10, 8],
        [25, 18],
        [25, 17],
        [12, 9],
      ] as const)
        await clear(value, ordinal);
      const entry = (await get(row))!;
      expect(entry).toMatchObject({ clearedSeq: 25, clearedOrdinal: 18, lastMessagePreview: 'told', lastSeq: 30 });
      expect(unreadCount(entry)).toBe(2);
      await clear(30, 20);
      const cleared = (await get(row))!;
      expect(cleared).toMatchObject({ clearedSeq: 30, lastMessagePreview: null, lastMessageAtMs: null, lastSeq: 30 });
      expect(unreadCount(cleared)).toBe(0);
      const next = { preview: 'anew', atMs: noonMs + 1 };
      const us = row.writeTimestampUs + 1;
      await under.store.write([{ ...row, writeTimestampUs: us, lastSeq: 31, lastOrdinal: 21, lastMessage: next }]);
      expect(await get(row)).toMatchObject({ lastMessagePreview: 'anew', lastMessageAtMs: noonMs + 1 });
    });

    it('rule 18: what was read for the user alone counts as read', async () => {
      const row = inboxRow({ lastSeq: 9, lastOrdinal: 9 });
      await under.store.write([row]);
      const { userId, conversationId } = row;
      await under.store.mark([{ userId, conversationId, kind: 'read', value: 6, ordinal: 6, version: 6 }]);
      await under.store.markRead([{ userId, conversationId, readSeq: 4, readOrdinal: 4 }]);
      expect(unreadCount((await get(row))!)).toBe(3);
    });

    it('rule 8: the read mark is the maximum, and does not touch what chat.messages owns', async () => {
      const row = inboxRow({ lastSeq: 30, lastOrdinal: 20, ownOrdinal: 3 });
      await under.store.write([row]);
      for (const [readSeq, readOrdinal] of [
        [10, 8],
        [25, 18],
        [25, 17],
        [25, 18],
        [25, 16],
        [12, 9],
      ] as const) {
        await under.store.markRead([{ ...row, readSeq, readOrdinal }]);
      }
      const entry = await get(row);
      expect(entry).toMatchObject({ readSeq: 25, readOrdinal: 18, lastSeq: 30, lastOrdinal: 20, ownOrdinal: 3 });
      expect(unreadCount(entry!)).toBe(2);
      await under.store.write([{ ...row, writeTimestampUs: row.writeTimestampUs + 1, lastSeq: 31, lastOrdinal: 21 }]);
      expect(await get(row)).toMatchObject({ readSeq: 25, lastSeq: 31 });
    });

    it('leaves out rows that only markRead has touched, and keeps the mark', async () => {
      const { userId, conversationId } = key();
      await under.store.markRead([{ userId, conversationId, readSeq: 2, readOrdinal: 2 }]);
      expect(await under.store.get(userId, conversationId)).toBeNull();
      expect(await under.store.list(userId, { after: null, limit: 10 })).toEqual([]);
      await under.store.write([inboxRow({ userId, conversationId, lastSeq: 5, lastOrdinal: 5 })]);
      expect(await under.store.get(userId, conversationId)).toMatchObject({ lastSeq: 5, readSeq: 2, readOrdinal: 2 });
    });

    it('opens a list of 2,000 conversations in one read of one partition', async () => {
      const userId = randomUUID();
      const rows = Array.from({ length: 2_000 }, () => inboxRow({ userId }));
      await under.store.write(rows);
      const before = under.reads?.() ?? 0;
      expect(await under.store.list(userId, { after: null, limit: 2_000 })).toHaveLength(2_000);
      if (under.reads !== undefined) expect(under.reads() - before).toBe(1);
    });

    it('pages over a user’s list in order of conversation id, and over nobody else’s', async () => {
      const userId = randomUUID();
      const ids = Array.from({ length: 25 }, () => randomUUID()).sort();
      await under.store.write(ids.map((conversationId) => inboxRow({ userId, conversationId })));
      await under.store.markRead(ids.map(() => ({ userId, conversationId: randomUUID(), readSeq: 1, readOrdinal: 1 })));
      await under.store.write(ids.map((conversationId) => inboxRow({ conversationId })));
      const paged: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await under.store.list(userId, { after, limit: 7 });
        paged.push(...page.map(({ conversationId }) => conversationId));
        if (page.length < 7) break;
        after = paged.at(-1)!;
      }
      expect(paged).toEqual(ids);
      expect(await under.store.list(userId, { after: ids.at(-1)!, limit: 7 })).toEqual([]);
    });
  });
}
