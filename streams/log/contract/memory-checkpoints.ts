/** Checkpoints in memory, for tests of the log alone. */
import type { CheckpointStore } from '../log.ts';

export class MemoryCheckpoints implements CheckpointStore {
  private readonly offsets = new Map<string, number>();

  load(group: string, topic: string, partition: number): number | null {
    return this.offsets.get(`${group}/${topic}/${partition}`) ?? null;
  }

  async save(group: string, topic: string, partition: number, nextOffset: number): Promise<void> {
    await Promise.resolve();
    this.offsets.set(`${group}/${topic}/${partition}`, nextOffset);
  }
}
