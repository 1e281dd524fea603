import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { ClockWatch, clockCheckIntervalMs, clockToleranceMs, type TimeWitness } from './clock-watch.ts';

const hourMs = 3_600_000;

/** A process whose clock is off by `skewMs`, among witnesses whose clocks are off by what is given. */
function setUp(...witnessSkewsMs: number[]) {
  const time = new VirtualTime(1_700_000_000_000);
  const process = { skewMs: 0, delayMs: 0, silent: false };
  const wrong: number[] = [];
  const witnesses: TimeWitness[] = witnessSkewsMs.map((skewMs, index) => ({
    name: `witness ${index}`,
    nowMs: () => {
      if (process.silent) return Promise.reject(new Error('away'));
      const answer = time.nowMs() + skewMs;
      if (process.delayMs === 0) return Promise.resolve(answer);
      return new Promise((resolve) => {
        time.after(process.delayMs, () => resolve(answer));
      });
    },
  }));
  const watch = new ClockWatch({
    witnesses,
    clock: { nowMs: () => time.nowMs() + process.skewMs },
    timers: time,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
    onWrong: () => wrong.push(time.nowMs()),
  });
  const round = async (): Promise<void> => {
    await time.advance(clockCheckIntervalMs);
    await settle(10);
  };
  return { time, process, watch, round, wrong };
}

describe('rule 2: ClockWatch', () => {
  it.each([hourMs, -hourMs, clockToleranceMs + 1, -clockToleranceMs - 1])(
    'finds a clock wrong by %d ms',
    async (by) => {
      const { process, watch } = setUp(0, 0);
      process.skewMs = by;
      await watch.start();
      expect(watch.isRight).toBe(false);
      watch.close();
    },
  );

  it.each([0, clockToleranceMs, -clockToleranceMs])('takes one that is off by %d ms', async (by) => {
    const { process, watch } = setUp(0);
    process.skewMs = by;
    await watch.start();
    expect(watch.isRight).toBe(true);
    watch.close();
  });

  it('notices a clock that goes wrong, and one that is set right', async () => {
    const { process, watch, round, wrong } = setUp(0, 0);
    await watch.start();
    process.skewMs = -hourMs;
    await round();
    expect(watch.isRight).toBe(false);
    await round();
    expect(wrong).toHaveLength(1);
    process.skewMs = 0;
    await round();
    expect(watch.isRight).toBe(true);
    watch.close();
  });

  it('is not stopped by one wrong witness, but by all', async () => {
    for (const [skews, right] of [
      [[hourMs, 0], true],
      [[hourMs, hourMs], false],
    ] as const) {
      const { watch } = setUp(...skews);
      await watch.start();
      expect(watch.isRight).toBe(right);
      watch.close();
    }
  });

  it('accuses nobody because an answer took long', async () => {
    const { time, process, watch } = setUp(0);
    await watch.start();
    process.delayMs = 10 * clockToleranceMs;
    await time.advance(20 * clockToleranceMs);
    await settle(10);
    expect(watch.isRight).toBe(true);
    watch.close();
  });

  it('trusts the clock only after an answer, and keeps what it knows while nobody answers', async () => {
    const { process, watch, round } = setUp(0);
    process.silent = true;
    await watch.start();
    expect(watch.isRight).toBe(false);
    process.silent = false;
    await round();
    process.silent = true;
    await round();
    expect(watch.isRight).toBe(true);
    watch.close();
  });

  it('lets a process wait until its clock is right', async () => {
    const { process, watch, round } = setUp(0);
    process.skewMs = hourMs;
    await watch.start();
    let isReady = false;
    void watch.untilRight().then(() => {
      isReady = true;
    });
    await round();
    expect(isReady).toBe(false);
    process.skewMs = 0;
    await round();
    await round();
    expect(isReady).toBe(true);
    watch.close();
  });
});
