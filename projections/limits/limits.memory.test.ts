import { describe, expect, it } from 'vitest';
import { FixedWindows } from './fixed-windows.ts';
import { limiterContract, limitUnderTest } from './limits.contract.ts';
import { MemoryAttemptLimiter, MemoryMessageRateLimiter } from './limits.memory.ts';
import { limitTable } from './table.ts';

const messageLimit = limitTable.messages;

limiterContract('memory', async () => {
  let nowMs = 1_700_000_000_000;
  const options = { clock: { nowMs: () => nowMs }, limit: limitUnderTest };
  const messages = new MemoryMessageRateLimiter(options);
  return {
    messages,
    attempts: new MemoryAttemptLimiter(options),
    pass: async (ms) => {
      nowMs += ms;
    },
    close: () => messages.close(),
  };
});

describe('FixedWindows', () => {
  it('allows 100 messages a minute and names the wait to the millisecond', () => {
    const windows = new FixedWindows(messageLimit);
    for (let i = 0; i < 100; i++) expect(windows.take('ann', 1_000 + i)).toBe(0);
    expect(windows.take('ann', 31_000)).toBe(30_000);
    expect(windows.take('ann', 60_999)).toBe(1);
    expect(windows.take('ann', 61_000)).toBe(0);
  });

  it('forgets closed windows', () => {
    const windows = new FixedWindows(messageLimit);
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 1_000; i++) windows.take(`${round}-${i}`, round * messageLimit.windowMs);
    }
    expect(windows.size).toBeLessThanOrEqual(2_048);
  });

  it('refuses new keys, never a known one, when as many windows are open as may be', () => {
    const windows = new FixedWindows(messageLimit, 2);
    expect([windows.take('a', 0), windows.take('b', 0), windows.take('c', 0), windows.take('a', 0)]).toEqual([
      0, 0, 1_000, 0,
    ]);
    expect(windows.take('c', messageLimit.windowMs)).toBe(0);
  });
});
