/** Deletes what a topic no longer keeps: everything before the first record that is young enough, a bounded step at a time. */
import type { Partition } from './partition.ts';
import type { Storage } from './storage.ts';
import { firstOffsetAt } from './time-index.ts';

const recordsPerStep = 1_000;

/**
 * Bounds are stored with the deletion of the records, so that a partition that was emptied does not give its offsets again.
 * Stops early when `goOn` says so.
 */
export async function dropExpired(
  storage: Storage,
  partition: Partition,
  oldestMs: number,
  goOn: () => boolean,
): Promise<void> {
  const keepFrom = firstOffsetAt(storage, partition, oldestMs);
  while (partition.earliest < keepFrom && goOn()) {
    const expired = [...storage.range(partition, partition.earliest, keepFrom, recordsPerStep)];
    const next = expired.length < recordsPerStep ? keepFrom : expired[expired.length - 1]!.key + 1;
    await storage.commit(() => {
      for (const { key } of expired) void storage.records.remove([partition.id, key]);
      storage.putBounds(partition, { earliest: next, end: partition.end });
    });
    partition.earliest = next;
  }
}
