import { expect, it } from 'vitest';
import { InFlightLimit } from './in-flight-limit.ts';

it('lets so many through at once, the others in the order they came, and refuses those beyond its bound', async () => {
  const limit = new InFlightLimit(2, 2);
  await limit.enter();
  await limit.enter();
  const entered: string[] = [];
  const third = limit.enter().then(() => entered.push('third'));
  const fourth = limit.enter().then(() => entered.push('fourth'));
  await expect(limit.enter()).rejects.toMatchObject({ code: 'overloaded' });
  expect(entered).toEqual([]);
  limit.leave();
  await third;
  expect(entered).toEqual(['third']);
  limit.leave();
  await fourth;
  limit.leave();
  limit.leave();
  await limit.enter();
  await limit.enter();
  await expect(Promise.race([limit.enter().then(() => 'in'), Promise.resolve('waits')])).resolves.toBe('waits');
});
