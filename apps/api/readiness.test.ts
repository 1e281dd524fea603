import { createLogger } from '@parley/runtime/logger';
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { expect, it } from 'vitest';
import { Readiness } from './readiness.ts';

it('is what the probes said last, until it drains', async () => {
  let well = false;
  let tick: (() => void) | null = null;
  const handle: TimerHandle = {
    cancel: () => {
      tick = null;
    },
  };
  const timers: Timers = {
    after: () => handle,
    every: (_, run) => {
      tick = run;
      return handle;
    },
  };
  const probes = { one: async () => 1, other: () => (well ? Promise.resolve() : Promise.reject(new Error('away'))) };
  const readiness = new Readiness({ probes, timers, logger: createLogger('api', 'fatal') });
  await readiness.start();
  expect(readiness.isReady).toBe(false);
  well = true;
  tick!();
  await expect.poll(() => readiness.isReady).toBe(true);
  well = false;
  await readiness.probe();
  expect(readiness.isReady).toBe(false);
  well = true;
  await readiness.probe();
  readiness.drain();
  expect(readiness.isReady).toBe(false);
  expect(tick).toBeNull();
});
