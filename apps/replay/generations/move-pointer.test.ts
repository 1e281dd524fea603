import { MemoryPointerStore } from '@parley/projections/generations/generations.fixture';
import { settleMs } from '@parley/projections/generations/lease';
import { writingAlso } from '@parley/projections/generations/pointer';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../cli/command.ts';
import { movePointer, stopWriting, untilClosed, untilSettled } from './move-pointer.ts';

function contextOf(time: VirtualTime, pointer: MemoryPointerStore) {
  const cell = { generations: { pointer } } as unknown as CommandContext['cell'];
  return { cell, clock: time, timers: time, say: () => undefined };
}

/** Notes when it is over. */
function timed(time: VirtualTime, work: Promise<unknown>): { atMs: number | null } {
  const over: { atMs: number | null } = { atMs: null };
  void work.then(() => {
    over.atMs = time.nowMs();
  });
  return over;
}

const startMs = 1_000_000;
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('moving the pointer', () => {
  it('is over when nobody can go by the one before any more', async () => {
    const [time, store] = [new VirtualTime(startMs, { settle }), new MemoryPointerStore()];
    const moved = timed(
      time,
      movePointer(contextOf(time, store), (now) => writingAlso(now, 'g2')),
    );
    await settle();
    await time.advance(settleMs - 1);
    expect(store.pointer).toMatchObject({ version: 1, write: ['g1', 'g2'], movedAtMs: startMs });
    expect(moved.atMs).toBeNull();
    await time.advance(1);
    expect(moved.atMs).toBe(startMs + settleMs);
  });

  it('killed while it waited, it is made up for by whoever comes next', async () => {
    const [time, store] = [new VirtualTime(startMs, { settle }), new MemoryPointerStore()];
    void movePointer(contextOf(time, store), (now) => writingAlso(now, 'g2'));
    await settle();
    await time.advance(4_000);
    const [settled, closed] = [untilSettled, untilClosed].map((wait) => timed(time, wait(contextOf(time, store))));
    await settle();
    await time.advance(60_000);
    expect(settled?.atMs).toBe(startMs + settleMs);
    expect(closed?.atMs).toBeGreaterThan(startMs + 2 * settleMs);
  });

  it('waits for nothing where nothing was moved, and has stopped writing when all have closed what they left', async () => {
    const [time, store] = [new VirtualTime(startMs, { settle }), new MemoryPointerStore()];
    await untilClosed(contextOf(time, store));
    await store.write(writingAlso(store.pointer, 'g2'));
    const stopped = timed(time, stopWriting(contextOf(time, store), 'g2'));
    await settle();
    await time.advance(2 * settleMs);
    expect(stopped.atMs).toBeNull();
    await time.advance(settleMs);
    expect(stopped.atMs).not.toBeNull();
    expect(store.pointer.write).toEqual(['g1']);
  });
});
