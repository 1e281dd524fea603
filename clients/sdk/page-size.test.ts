import { ParleyError } from '@parley/schemas/errors/parley-error';
import { describe, expect, it } from 'vitest';
import { PageSize } from './page-size.ts';
import { noAnswerInTime } from './requests.ts';

const full = () => true;

describe('the size of pages', () => {
  const late = new ParleyError('unavailable', { detail: noAnswerInTime });

  it('is halved by pages that do not arrive in time, down to one, and comes back with those that do', async () => {
    const size = new PageSize(200);
    const asked: number[] = [];
    /** A line on which no more than three entries arrive in time. */
    const slow = async (limit: number) => {
      asked.push(limit);
      if (limit > 3) throw late;
    };
    for (let i = 0; i < 9; i++) await size.ask(slow, full).catch((error: unknown) => expect(error).toBe(late));
    expect(asked).toEqual([200, 100, 50, 25, 12, 6, 3, 6, 3]);
    for (let i = 0; i < 8; i++) await size.ask(async (limit) => asked.push(limit), full);
    expect(asked.slice(-3)).toEqual([192, 200, 200]);
    const none = async () => Promise.reject(late);
    for (let i = 0; i < 20; i++) await size.ask(none, full).catch((error: unknown) => expect(error).toBe(late));
    await size.ask(async (limit) => expect(limit).toBe(1), full);
  });

  it('does not come back with pages that were not full: a short list between two tries says nothing of a long page', async () => {
    const size = new PageSize(200);
    for (const limit of [200, 100, 50]) {
      await size.ask(
        async (asked) => expect(asked).toBe(limit),
        () => false,
      );
      await size.ask(async () => Promise.reject(late), full).catch((error: unknown) => expect(error).toBe(late));
    }
  });

  it('stays where it is when the connection was lost or the request refused', async () => {
    const size = new PageSize(200);
    const lost = new ParleyError('unavailable', { detail: 'the connection was lost' });
    for (const error of [lost, new ParleyError('overloaded')]) {
      await expect(size.ask(() => Promise.reject(error), full)).rejects.toBe(error);
    }
    await size.ask(async (limit) => expect(limit).toBe(200), full);
  });
});
