import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { ExpirySweeper } from './expiry-sweeper.ts';

it('takes what is due at the start and every minute, until nothing is left, and goes on after a failure', async () => {
  const time = new VirtualTime(0);
  let due = 2_500;
  let failing = false;
  const sweep = async (limit: number): Promise<number> => {
    if (failing) throw new Error('away');
    const taken = Math.min(limit, due);
    due -= taken;
    return taken;
  };
  const sweeper = new ExpirySweeper({ what: 'crumbs', sweep, timers: time, logger: pino({ level: 'silent' }) });
  sweeper.start();
  await vi.waitUntil(() => due === 0);
  due = 7;
  failing = true;
  await time.advance(60_000);
  expect(due).toBe(7);
  failing = false;
  await time.advance(60_000);
  await vi.waitUntil(() => due === 0);
  await sweeper.close();
  due = 1;
  await time.advance(120_000);
  expect(due).toBe(1);
});
