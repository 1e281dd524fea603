/** What every store of the projection pointer does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completed, firstPointer, type PointerStore, reading, writingAlso, writingNoMore } from './pointer.ts';

export interface PointerStoreUnderTest {
  readonly store: PointerStore;
  /** The same data, as another process sees it. */
  another(): Promise<PointerStore>;
  close(): Promise<void>;
}

export function pointerContract(name: string, make: () => Promise<PointerStoreUnderTest>): void {
  describe(`pointer contract: ${name}`, () => {
    let under: PointerStoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    it('begins with the first generation, and shows every change to everybody', async () => {
      const { store } = under;
      const other = await under.another();
      expect(await store.read()).toEqual(firstPointer);
      const both = writingAlso(firstPointer, 'g2');
      const moved = reading(completed(both, 'g2'), 'g2');
      for (const pointer of [both, completed(both, 'g2'), moved, writingNoMore(moved, 'g1')]) {
        await store.write(pointer);
        expect(await other.read()).toEqual(pointer);
      }
      expect(await store.read()).toEqual({ version: 4, read: 'g2', write: ['g2'], complete: ['g2'], movedAtMs: 0 });
      await other.close();
    });

    it('refuses a change of what is no longer there', async () => {
      const { store } = under;
      const now = await store.read();
      await store.write(writingAlso(now, 'g7'));
      await expect(store.write(writingAlso(now, 'g8'))).rejects.toMatchObject({ code: 'conflict' });
      expect((await store.read()).write).toEqual([...now.write, 'g7']);
    });
  });
}
