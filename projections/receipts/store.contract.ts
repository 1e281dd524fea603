/** What every ReceiptStore does (design rules 8 and 18). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiptRow } from '../rows.fixture.ts';
import { type ReceiptStore, stepRetentionMs } from './store.ts';

export interface ReceiptStoreUnderTest {
  readonly store: ReceiptStore;
  close(): Promise<void>;
}

export function receiptStoreContract(name: string, make: (clock: Clock) => Promise<ReceiptStoreUnderTest>): void {
  describe(`ReceiptStore contract: ${name}`, () => {
    let under: ReceiptStoreUnderTest;
    const startMs = Date.now();
    let nowMs = startMs;
    beforeAll(async () => {
      under = await make({ nowMs: () => nowMs });
    });
    afterAll(() => under.close());

    const member = () => ({ conversationId: randomUUID(), userId: randomUUID() });
    const [phone, web] = [randomUUID(), randomUUID()];
    const reached = (of: ReturnType<typeof member>, seq: number, kind: 'delivered' | 'read' = 'delivered') =>
      under.store.reachedAt(of.conversationId, of.userId, kind, seq);

    it('keeps a watermark per device and kind', async () => {
      const of = member();
      await under.store.write([
        receiptRow({ ...of, deviceId: phone, seq: 7 }),
        receiptRow({ ...of, deviceId: web, seq: 5 }),
        receiptRow({ ...of, deviceId: phone, seq: 3, kind: 'read' }),
        receiptRow({ ...member(), deviceId: phone, seq: 99 }),
      ]);
      const found = await under.store.watermarks(of.conversationId, of.userId);
      expect(new Set(found.map(({ deviceId, kind, seq }) => `${deviceId} ${kind} ${seq}`))).toEqual(
        new Set([`${phone} delivered 7`, `${web} delivered 5`, `${phone} read 3`]),
      );
      expect(await under.store.watermarks(randomUUID(), of.userId)).toEqual([]);
    });

    it('rule 18: watermarks merge by maximum, in whatever order they come', async () => {
      const of = member();
      for (const seq of [4, 9, 2, 9, 7]) await under.store.write([receiptRow({ ...of, deviceId: phone, seq })]);
      await under.store.write([8, 12, 11].map((seq) => receiptRow({ ...of, deviceId: phone, seq })));
      await under.store.write([receiptRow({ ...of, deviceId: phone, seq: 10 })]);
      expect(await under.store.watermarks(of.conversationId, of.userId)).toEqual([
        { deviceId: phone, kind: 'delivered', seq: 12 },
      ]);
    });

    it('rule 18: each step keeps its time, and when a member reached a seq is one look-up', async () => {
      const of = member();
      const [first, second] = [startMs - 60_000, startMs - 30_000];
      await under.store.write([
        receiptRow({ ...of, deviceId: phone, seq: 10, atMs: first }),
        receiptRow({ ...of, deviceId: phone, seq: 20, atMs: second }),
        receiptRow({ ...of, deviceId: phone, seq: 15, atMs: second + 5, kind: 'read' }),
      ]);
      expect(await reached(of, 1)).toBe(first);
      expect(await reached(of, 10)).toBe(first);
      expect(await reached(of, 11)).toBe(second);
      expect(await reached(of, 20)).toBe(second);
      expect(await reached(of, 21)).toBeNull();
      expect(await reached(of, 15, 'read')).toBe(second + 5);
      expect(await reached(of, 16, 'read')).toBeNull();
      expect(await reached(member(), 1)).toBeNull();
    });

    it('rule 18: a device that lags behind does not make the member later, nor does a replay', async () => {
      const of = member();
      const rows = [
        receiptRow({ ...of, deviceId: phone, seq: 20, atMs: startMs - 60_000 }),
        receiptRow({ ...of, deviceId: web, seq: 17, atMs: startMs - 40_000 }),
        receiptRow({ ...of, deviceId: web, seq: 20, atMs: startMs - 30_000 }),
        receiptRow({ ...of, deviceId: web, seq: 25, atMs: startMs - 20_000 }),
      ];
      for (const row of rows) await under.store.write([row]);
      for (const row of rows.toReversed()) await under.store.write([row]);
      expect(await reached(of, 16)).toBe(startMs - 60_000);
      expect(await reached(of, 20)).toBe(startMs - 60_000);
      expect(await reached(of, 21)).toBe(startMs - 20_000);
    });

    it('forgets steps that are older than they are kept, and says so rather than tell a later time', async () => {
      const of = member();
      const dayMs = 86_400_000;
      const atMs = startMs - stepRetentionMs + dayMs;
      await under.store.write([receiptRow({ ...of, deviceId: phone, seq: 17, atMs })]);
      expect(await reached(of, 17)).toBe(atMs);
      nowMs = startMs + 2 * dayMs;
      expect(await reached(of, 17)).toBeNull();
      await under.store.write([receiptRow({ ...of, deviceId: phone, seq: 30, atMs: nowMs })]);
      expect(await reached(of, 17)).toBeNull();
      await under.store.write([receiptRow({ ...of, deviceId: phone, seq: 64, atMs: nowMs + 1 })]);
      expect(await reached(of, 17)).toBeNull();
      expect(await reached(of, 40)).toBe(nowMs + 1);
      // What a replay brings too late is not kept as a step; the watermark is.
      await under.store.write([receiptRow({ ...of, deviceId: web, seq: 80, atMs: startMs - stepRetentionMs })]);
      expect(await reached(of, 80)).toBeNull();
      expect(await under.store.watermarks(of.conversationId, of.userId)).toHaveLength(2);
      nowMs = startMs;
    });
  });
}
