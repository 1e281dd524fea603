/** What every FoldStateStore does (design rules 8 and 10). */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FoldStateStore, SavedState } from '@parley/streams/processors/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export interface FoldStateStoreUnderTest {
  readonly store: FoldStateStore;
  close(): Promise<void>;
}

export function foldStateStoreContract(name: string, make: () => Promise<FoldStateStoreUnderTest>): void {
  describe(`FoldStateStore contract: ${name}`, () => {
    let under: FoldStateStoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const state = (writeTimestampUs: number, offset: number, bytes = 300) => ({
      conversationId: randomUUID(),
      snapshot: randomBytes(bytes),
      offset,
      writeTimestampUs,
    });

    /** Comparing a megabyte byte by byte takes the test runner seconds. */
    const readable = (saved: SavedState | null) =>
      saved === null ? null : { ...saved, snapshot: saved.snapshot.toString('base64') };

    it('loads what was saved in the order asked, and null for the rest', async () => {
      const [one, large] = [state(1.7e15, 0), state(1.7e15 + 1, 2 ** 40, 900_000)];
      const none = randomUUID();
      expect(await under.store.load([none])).toEqual([null]);
      await under.store.save([one, large]);
      const loaded = await under.store.load([large.conversationId, none, one.conversationId, large.conversationId]);
      expect(loaded.map(readable)).toEqual([large, null, one, large].map(readable));
      expect(await under.store.load([])).toEqual([]);
    });

    it('rule 10: the greater write timestamp wins, whoever writes last', async () => {
      const newer = state(200, 20);
      const older = { ...state(100, 30), conversationId: newer.conversationId };
      await under.store.save([older]);
      await under.store.save([newer]);
      await under.store.save([older]);
      await under.store.save([newer]);
      expect(await under.store.load([newer.conversationId])).toEqual([newer]);
      await under.store.save([{ ...newer, writeTimestampUs: 300 }, older]);
      expect(await under.store.load([newer.conversationId])).toEqual([{ ...newer, writeTimestampUs: 300 }]);
    });
  });
}
