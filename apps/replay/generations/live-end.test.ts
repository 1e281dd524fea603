import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { topics } from '@parley/streams/log/topics';
import { describe, expect, it } from 'vitest';
import { codec, MemoryCell } from '../rebuild/cell.fixture.ts';
import type { OpenedGeneration } from './access.ts';
import { liveReachesTheEnd } from './live-end.ts';

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A cell whose conversation group has committed all but the last records of each partition, and the states that it has saved. */
async function cellWith(uncommitted: number, states: 'all' | 'all but one' | 'none') {
  const cell = new MemoryCell(7);
  cell.talk(200);
  const saved = new Map<string, number>();
  for (let partition = 0; partition < (await cell.partitionCount()); partition++) {
    for await (const records of cell.read({ topic: topics.messages, partition, from: { offset: 0 } }))
      for (const { key, offset } of records) saved.set(key!.toString(), offset);
  }
  if (states === 'none') saved.clear();
  const [one] = saved.keys();
  if (states === 'all but one') saved.set(one!, saved.get(one!)! - 1);
  const foldState = {
    load: async (ids: readonly string[]) =>
      ids.map((conversationId) => {
        const offset = saved.get(conversationId);
        return offset === undefined ? null : { conversationId, snapshot: Buffer.alloc(0), offset, writeTimestampUs: 1 };
      }),
    save: () => Promise.resolve(),
  };
  const committed = async (group: string, topic: string, partition: number): Promise<number | null> => {
    const end = await cell.committed(group, topic, partition);
    return group === 'conversation' ? Math.max(0, end - uncommitted) : end;
  };
  const log = {
    ...{ partitionCount: () => cell.partitionCount(), bounds: cell.bounds.bind(cell), read: cell.read.bind(cell) },
    ...{ committed, close: () => cell.close() },
  };
  return { log, live: { projections: { foldState } } as unknown as OpenedGeneration };
}

async function waitedFor(cell: Awaited<ReturnType<typeof cellWith>>): Promise<string> {
  const time = new VirtualTime(1_000_000, { settle });
  const signal = new AbortController().signal;
  let outcome = 'waits';
  void liveReachesTheEnd({ ...cell, codec, clock: time, timers: time, signal }).then(
    () => {
      outcome = 'is there';
    },
    (error: { code: string }) => {
      outcome = error.code;
    },
  );
  for (let turn = 0; turn < 100 && outcome === 'waits'; turn++) await settle();
  if (outcome === 'waits') await time.advance(61_000);
  return outcome;
}

describe('the end of the live generation', () => {
  it('is reached where the groups have committed it, whatever states say', async () => {
    expect(await waitedFor(await cellWith(0, 'none'))).toBe('is there');
  });

  it('is reached where saved states include what is not committed: a quiet partition commits no more', async () => {
    expect(await waitedFor(await cellWith(40, 'all'))).toBe('is there');
  });

  it('is not reached while the state of one conversation lacks its last record', async () => {
    expect(await waitedFor(await cellWith(1_000, 'all but one'))).toBe('unavailable');
  });

  it('is not reached where nothing is saved', async () => {
    expect(await waitedFor(await cellWith(1, 'none'))).toBe('unavailable');
  });
});
