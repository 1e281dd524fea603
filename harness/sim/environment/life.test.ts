import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { describe, expect, it } from 'vitest';
import { Pipe } from '../network/pipe.ts';
import { Life } from './life.ts';
import { Remote } from './remote.ts';
import { SeededRandom } from './seeded-random.ts';

const setUp = () => {
  const time = new VirtualTime(0);
  const random = new SeededRandom(1);
  const life = new Life({ name: 'p', time, skewMs: () => 7, crashed: () => undefined });
  const remote = new Remote('store', random, { mostDelayMs: 10, failure: 0, isDown: false });
  return { time, random, life, remote, said: [] as string[] };
};

describe('a life', () => {
  it('has a clock of its own, and timers that end with it', async () => {
    const { time, life, said } = setUp();
    expect(life.nowMs()).toBe(7);
    life.every(10, () => said.push('tick'));
    life.after(25, () => said.push('once'));
    await time.advance(22);
    life.crash();
    await time.advance(100);
    expect(said).toEqual(['tick', 'tick']);
  });

  it('lets everything wait while it is frozen, a missed interval once, and in order', async () => {
    const { time, life, said } = setUp();
    life.every(10, () => said.push('tick'));
    life.after(15, () => said.push('once'));
    life.freeze();
    await time.advance(100);
    expect(said).toEqual([]);
    life.thaw();
    expect(said).toEqual(['tick', 'once']);
  });

  it('never hears of a call that it made before it died; the call is carried out all the same', async () => {
    const { time, life, remote, said } = setUp();
    const done = () => said.push('answered');
    remote.call(life, () => said.push('carried out')).then(done, done);
    life.crash();
    await time.advance(100);
    expect(said).toEqual(['carried out']);
  });

  it('dies at the call that was aimed at, which is never made', async () => {
    const { time, life, remote, said } = setUp();
    life.aimCrash(1);
    for (const name of ['first', 'second', 'third']) void remote.call(life, () => said.push(name));
    expect(life.isAlive).toBe(false);
    await time.advance(100);
    expect(said).toEqual(['first']);
  });
});

describe('a request that fails', () => {
  it('is unavailable to its caller, and may have been carried out before, after, or not at all', async () => {
    const { time, life, remote } = setUp();
    remote.faults.failure = 1;
    const outcomes = { never: 0, before: 0, after: 0 };
    for (let i = 0; i < 200; i++) {
      let [doneAtMs, failedAtMs] = [-1, -1];
      remote.call(life, () => (doneAtMs = time.nowMs())).catch(() => (failedAtMs = time.nowMs()));
      await time.advance(30_000);
      expect(failedAtMs).toBeGreaterThanOrEqual(0);
      if (doneAtMs < 0) outcomes.never++;
      else if (doneAtMs <= failedAtMs) outcomes.before++;
      else outcomes.after++;
    }
    expect(Math.min(outcomes.never, outcomes.before, outcomes.after)).toBeGreaterThan(10);
  });
});

describe('a pipe', () => {
  it('brings everything in order, whatever each took, and nothing after a cut', async () => {
    const { time, random } = setUp();
    const pipe = new Pipe({ time, random, mostDelayMs: () => 50 });
    const came: number[] = [];
    for (let i = 0; i < 100; i++) pipe.send(10, () => came.push(i));
    await time.advance(60);
    expect(came).toEqual(Array.from({ length: 100 }, (_, i) => i));
    pipe.send(10, () => came.push(100));
    pipe.cut();
    pipe.send(10, () => came.push(101));
    await time.advance(1_000);
    expect(came).toHaveLength(100);
  });

  it('buffers what a slow end does not take, and tells when it has', async () => {
    const { time, random } = setUp();
    const pipe = new Pipe({ time, random, mostDelayMs: () => 0 });
    pipe.rate = 100;
    let drained = 0;
    pipe.drained = () => drained++;
    for (let i = 0; i < 3; i++) pipe.send(100, () => undefined);
    expect(pipe.buffered).toBe(300);
    await time.advance(2_500);
    expect([pipe.buffered, drained]).toEqual([100, 0]);
    await time.advance(1_000);
    expect([pipe.buffered, drained]).toEqual([0, 1]);
  });
});
