/** Finds the first record at or after a time: binary search over the running maximum, then a short scan to the record itself. */
import type { Partition } from './partition.ts';
import { maxSoFarOf, timestampOf } from './record-format.ts';
import type { Storage } from './storage.ts';

const scanRecords = 256;

/** The offset of the first record whose timestamp is at or after `timeMs`; the partition's end if there is none. */
export function firstOffsetAt(storage: Storage, partition: Partition, timeMs: number): number {
  const end = partition.end;
  let from = firstReaching(storage, partition, timeMs, end);
  // The record that raised the maximum may have been compacted away: then a later one is the first.
  while (from < end) {
    let next = end;
    let seen = 0;
    for (const { key, value } of storage.range(partition, from, end, scanRecords)) {
      if (timestampOf(value) >= timeMs) return key;
      next = key + 1;
      seen += 1;
    }
    from = seen < scanRecords ? end : next;
  }
  return end;
}

/** All records below the answer have a running maximum, hence a timestamp, below the time. */
function firstReaching(storage: Storage, partition: Partition, timeMs: number, end: number): number {
  let low = partition.earliest;
  let high = end;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const [record] = storage.range(partition, middle, high, 1);
    if (record === undefined) high = middle;
    else if (maxSoFarOf(record.value) < timeMs) low = record.key + 1;
    else high = middle;
  }
  return low;
}
