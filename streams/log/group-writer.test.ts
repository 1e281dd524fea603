import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { describe, expect, it } from 'vitest';
import { GroupWriter } from './group-writer.ts';
import { defaultLogLimits } from './limits.ts';
import type { Append } from './log.ts';

/** A clock and timers that a test moves by hand. */
class ManualTime implements Timers {
  private now = 1_000_000;
  private pending: Array<{ readonly at: number; readonly run: () => void }> = [];

  nowMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const timer = { at: this.now + delayMs, run };
    this.pending.push(timer);
    return { cancel: () => this.drop(timer) };
  }

  every(): TimerHandle {
    throw new Error('not used');
  }

  async move(ms: number): Promise<void> {
    this.now += ms;
    const due = this.pending.filter(({ at }) => at <= this.now);
    for (const timer of due) {
      this.drop(timer);
      timer.run();
    }
    await ticks();
  }

  private drop(timer: { readonly at: number }): void {
    this.pending = this.pending.filter((other) => other !== timer);
  }
}

async function ticks(): Promise<void> {
  for (let tick = 0; tick < 10; tick++) await Promise.resolve();
}

/** A store whose writes end when the test says so. */
class SlowStore {
  readonly groups: string[][] = [];
  private finish: Array<() => void> = [];

  readonly write = (records: readonly Append[]): Promise<void> => {
    this.groups.push(records.map(({ key }) => key));
    return new Promise((resolve) => this.finish.push(resolve));
  };

  async finishOne(): Promise<void> {
    this.finish.shift()?.();
    await ticks();
  }
}

function record(key: string): Append {
  const nothing = () => undefined;
  return { topic: 't', key, partitionKey: null, value: null, timestampMs: 1, appended: nothing, failed: nothing };
}

function setUp(spacingMs: number) {
  const time = new ManualTime();
  const store = new SlowStore();
  const { write } = store;
  const options = { limits: defaultLogLimits, clock: time, timers: time, spacingMs, notReadyAfterMs: 3_000, write };
  return { time, store, writer: new GroupWriter(options) };
}

describe('the accumulator', () => {
  it('sends the appends of a tick at once, and collects while a group is on its way: one at a time', async () => {
    const { store, writer } = setUp(0);
    for (const key of ['a', 'b']) writer.append(record(key));
    await ticks();
    expect(store.groups).toEqual([['a', 'b']]);
    writer.append(record('c'));
    await ticks();
    writer.append(record('d'));
    await ticks();
    expect(store.groups).toEqual([['a', 'b']]);
    await store.finishOne();
    expect(store.groups).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('keeps groups of a busy store apart, but lets the first after a pause go at once', async () => {
    const { time, store, writer } = setUp(8);
    writer.append(record('a'));
    await ticks();
    expect(store.groups).toHaveLength(1);
    await time.move(3);
    await store.finishOne();
    writer.append(record('b'));
    await ticks();
    expect(store.groups).toHaveLength(1);
    await time.move(5);
    expect(store.groups).toHaveLength(2);
    await store.finishOne();
    await time.move(8);
    writer.append(record('c'));
    await ticks();
    expect(store.groups).toEqual([['a'], ['b'], ['c']]);
  });

  it('is not moving while a group stays on its way for too long', async () => {
    const { time, store, writer } = setUp(0);
    writer.append(record('a'));
    await ticks();
    await time.move(3_000);
    expect(writer.isMoving()).toBe(true);
    await time.move(1);
    expect(writer.isMoving()).toBe(false);
    await store.finishOne();
    expect(writer.isMoving()).toBe(true);
  });

  it('closes after what was queued, without waiting for the spacing, and takes nothing more', async () => {
    const { store, writer } = setUp(1_000);
    writer.append(record('a'));
    await ticks();
    writer.append(record('b'));
    const closed = writer.close();
    await store.finishOne();
    await store.finishOne();
    await closed;
    expect(store.groups).toEqual([['a'], ['b']]);
    expect(() => writer.append(record('c'))).toThrow(expect.objectContaining({ code: 'log_unavailable' }));
  });
});
