import { randomUUID } from 'node:crypto';
import { type DataKeyId, destroyAtMs } from '@parley/streams/sealing/data-key';
import { describe, expect, it } from 'vitest';
import { CachedDataKeys } from './data-keys.cached.ts';

function make(maxKeys?: number) {
  const stored = new Map<string, Buffer>();
  const asked: string[] = [];
  let nowMs = 0;
  const nameOf = (id: DataKeyId): string => JSON.stringify(id);
  const source = {
    obtain: async (id: DataKeyId) => {
      asked.push('obtain');
      const key = stored.get(nameOf(id)) ?? Buffer.alloc(64, stored.size + 1);
      stored.set(nameOf(id), key);
      return key;
    },
    find: async (ids: readonly DataKeyId[]) => {
      asked.push(`find ${ids.length}`);
      return ids.map((id) => stored.get(nameOf(id)) ?? null);
    },
  };
  const clock = { nowMs: () => nowMs };
  const keys = new CachedDataKeys({ source, clock, ...(maxKeys === undefined ? {} : { maxKeys }) });
  const passTo = (ms: number): void => {
    nowMs = ms;
  };
  return { keys, asked, stored, passTo };
}

const some = (day = 1): DataKeyId => ({ conversationId: randomUUID(), day, timerSeconds: 86_400 });

describe('the cache of data keys', () => {
  it('asks once, and tells what it knows without waiting', async () => {
    const { keys, asked } = make();
    const id = some();
    expect(keys.known(id)).toBeUndefined();
    const key = await keys.obtain(id);
    expect(keys.known(id)).toBe(key);
    await keys.obtain(id);
    expect(await keys.find([id])).toEqual([key]);
    expect(asked).toEqual(['obtain']);
  });

  it('looks only for those that it does not know, and again for those that were not there', async () => {
    const { keys, asked } = make();
    const [known, other, none] = [some(), some(), some()];
    await keys.obtain(known);
    await keys.obtain(other);
    expect((await keys.find([none, known, other])).map((key) => key === null)).toEqual([true, false, false]);
    expect((await keys.find([none]))[0]).toBeNull();
    expect(asked).toEqual(['obtain', 'obtain', 'find 1', 'find 1']);
  });

  it('rule 23: forgets a key at the moment when it is destroyed', async () => {
    const { keys, asked, stored, passTo } = make();
    const id = some();
    await keys.obtain(id);
    stored.clear();
    passTo(destroyAtMs(id) - 1);
    expect(keys.known(id)).toBeDefined();
    passTo(destroyAtMs(id));
    expect(keys.known(id)).toBeUndefined();
    expect(await keys.find([id])).toEqual([null]);
    expect(asked).toEqual(['obtain', 'find 1']);
  });

  it('keeps no more than its bound', async () => {
    const { keys } = make(2);
    const ids = [some(1), some(2), some(3)];
    for (const id of ids) await keys.obtain(id);
    expect(ids.map((id) => keys.known(id) === undefined)).toEqual([true, false, false]);
  });
});
