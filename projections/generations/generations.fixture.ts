/** Two generations in LMDB, a pointer in memory, and time that passes by hand. */
import { join } from 'node:path';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { temporaryFolder } from '../lmdb/env.fixture.ts';
import { type EmbeddedProjections, openEmbeddedProjections } from '../lmdb/projections.ts';
import type { Projections } from '../projections.ts';
import { followPointer, Generations } from './generations.ts';
import { checkSuccessor, firstPointer, type Generation, type PointerStore, type ProjectionPointer } from './pointer.ts';

export class MemoryPointerStore implements PointerStore {
  pointer: ProjectionPointer = firstPointer;
  fails = false;

  async read(): Promise<ProjectionPointer> {
    if (this.fails) throw new Error('the store does not answer');
    return this.pointer;
  }

  async write(pointer: ProjectionPointer): Promise<void> {
    checkSuccessor(this.pointer, pointer);
    this.pointer = pointer;
  }

  async close(): Promise<void> {}
}

export interface GenerationsFixture {
  readonly store: MemoryPointerStore;
  readonly time: VirtualTime;
  /** What the clock shows beyond the time that has passed; somebody may set it. */
  readonly clock: { aheadMs: number };
  readonly projections: Projections;
  readonly metrics: Registry;
  /** What each holds, whatever the pointer says. */
  of(generation: Generation): EmbeddedProjections;
  close(): Promise<void>;
}

export async function openGenerationsFixture(): Promise<GenerationsFixture> {
  const folder = temporaryFolder();
  const store = new MemoryPointerStore();
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const time = new VirtualTime(Date.UTC(2026, 0, 1), { settle });
  const clock = { aheadMs: 0, nowMs: (): number => time.nowMs() + clock.aheadMs };
  const metrics = new Registry();
  const opened = new Map<Generation, EmbeddedProjections>();
  const generations = await Generations.open<EmbeddedProjections>({
    ...{ store, clock, timers: time, logger: pino({ level: 'silent' }) },
    open: async (generation) => {
      const own = generation === 'g1' ? metrics : new Registry();
      const one = openEmbeddedProjections(join(folder.path, generation), { clock: time, metrics: own });
      opened.set(generation, one);
      return one;
    },
    joined: (joined, read) => void joined.checkpoints.raise(read.checkpoints.all()),
  });
  const projections = followPointer(generations);
  return {
    ...{ store, time, clock, projections, metrics },
    of: (generation) => opened.get(generation)!,
    close: async () => {
      await projections.close();
      folder.remove();
    },
  };
}
