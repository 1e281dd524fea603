import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { RelayWhenReady } from './relay-when-ready.ts';

it('serves without a relay until one opens, and closes both it and what it was opened with', async () => {
  const time = new VirtualTime(0);
  const happened: string[] = [];
  let isAway = true;
  const relay = {
    admit: () => void happened.push('admit'),
    settle: async () => true,
    start: () => void happened.push('start'),
    close: async () => void happened.push('relay closed'),
  };
  const when = new RelayWhenReady({
    open: async () => {
      happened.push('open');
      if (isAway) throw new Error('away');
      return { relay, close: async () => void happened.push('log closed') };
    },
    timers: time,
    logger: pino({ level: 'silent' }),
  });
  when.start();
  when.admit();
  expect(await when.settle('g', 1)).toBe(false);
  isAway = false;
  await time.advance(1_000);
  when.admit();
  expect(await when.settle('g', 1)).toBe(true);
  await when.close();
  expect(happened).toEqual(['open', 'open', 'start', 'admit', 'relay closed', 'log closed']);
});
