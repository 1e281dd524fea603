/** What data keys must do in every store: one for all who ask, and none once its time is over (design rule 23). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { systemRandom } from '@parley/schemas/environment/system';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import {
  type DataKeyId,
  type DataKeys,
  dataKeyBytes,
  dataKeyIdOf,
  destroyAtMs,
} from '@parley/streams/sealing/data-key';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const dayMs = 86_400_000;
const startMs = 1_790_000_000_000;

export interface OpenedDataKeys {
  readonly keys: DataKeys & { destroyDue(limit: number): Promise<number> };
  close(): Promise<void>;
}

export function dataKeysContract(
  name: string,
  open: (environment: { readonly clock: Clock; readonly random: Random }) => Promise<OpenedDataKeys>,
): void {
  describe(`data keys on ${name}`, () => {
    let opened: OpenedDataKeys;
    let nowMs = startMs;
    const clock: Clock = { nowMs: () => nowMs };
    let keys: OpenedDataKeys['keys'];
    const id = (timerSeconds = 86_400): DataKeyId =>
      dataKeyIdOf(randomUUID(), makeMessageId(nowMs, systemRandom), timerSeconds);

    beforeAll(async () => {
      opened = await open({ clock, random: systemRandom });
      keys = opened.keys;
    }, 60_000);
    afterAll(() => opened.close());

    it('rule 23: gives all who ask at once the same key, and others another', async () => {
      const one = id();
      const got = await Promise.all(Array.from({ length: 20 }, () => keys.obtain(one)));
      expect(new Set(got.map((key) => key.toString('hex'))).size).toBe(1);
      expect(got[0]).toHaveLength(dataKeyBytes);
      for (const other of [
        { ...one, day: one.day + 1 },
        { ...one, timerSeconds: 604_800 },
        { ...one, conversationId: randomUUID() },
      ]) {
        expect((await keys.obtain(other)).equals(got[0]!)).toBe(false);
      }
    });

    it('finds in the order asked, and nothing where there is no key', async () => {
      const [first, none, second] = [id(), id(), id()];
      const made = [await keys.obtain(first), await keys.obtain(second)];
      expect(await keys.find([second, none, first, second])).toEqual([made[1], null, made[0], made[1]]);
      expect(await keys.find([])).toEqual([]);
    });

    it('rule 23: destroys a key when everything that it sealed has expired, and never makes it again', async () => {
      const soon = id();
      const later = { ...soon, timerSeconds: 90 * 86_400 };
      await keys.obtain(soon);
      const kept = await keys.obtain(later);
      nowMs = destroyAtMs(soon) - 1;
      await keys.destroyDue(1_000);
      expect((await keys.find([soon]))[0]).not.toBeNull();
      nowMs = destroyAtMs(soon);
      expect(await keys.destroyDue(1_000)).toBeGreaterThanOrEqual(1);
      expect(await keys.find([soon, later])).toEqual([null, kept]);
      await expect(keys.obtain(soon)).rejects.toMatchObject({ code: 'out_of_window' });
      nowMs = startMs;
    });

    it('makes no key for a day that is far off, but still gives one that was made in its time', async () => {
      const one = id();
      await expect(keys.obtain({ ...one, day: one.day + 2 })).rejects.toMatchObject({ code: 'out_of_window' });
      await expect(keys.obtain({ ...one, day: one.day - 2, timerSeconds: 604_800 })).rejects.toMatchObject({
        code: 'out_of_window',
      });
      const later = { ...one, timerSeconds: 604_800 };
      const key = await keys.obtain(later);
      nowMs += 3 * dayMs;
      expect((await keys.obtain(later)).equals(key)).toBe(true);
      nowMs = startMs;
    });

    it('destroys no more at a time than it is told', async () => {
      for (let count = 0; count < 3; count++) await keys.obtain(id());
      nowMs += 10 * dayMs;
      expect(await keys.destroyDue(2)).toBe(2);
      while ((await keys.destroyDue(2)) > 0);
      nowMs = startMs;
    });
  });
}
