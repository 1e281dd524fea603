/**
 * Removes the records of a compacted topic whose key has a newer one.
 *
 * The work is left to the purge, so that an append to a compacted topic costs no more than any other. A pass goes over what was
 * appended since the last one, a bounded step at a time; `latest` remembers, for every key below the clean point, which offset is
 * its last. The newest record of a partition is always the last of its key, so the partition's end never moves back.
 */
import { createHash } from 'node:crypto';
import type { Partition } from './partition.ts';
import { keyOf } from './record-format.ts';
import type { Storage } from './storage.ts';

const recordsPerStep = 1_000;
/** LMDB's keys are bounded; a longer record key is remembered by its hash. */
const longestPlainKeyBytes = 512;

export async function dropSuperseded(storage: Storage, partition: Partition, goOn: () => boolean): Promise<void> {
  let from = storage.cleaned.get(partition.id) ?? 0;
  while (from < partition.end && goOn()) from = await cleanStep(storage, partition, from);
}

async function cleanStep(storage: Storage, partition: Partition, from: number): Promise<number> {
  const end = partition.end;
  const superseded: number[] = [];
  const latestOfStep = new Map<string, { readonly key: Buffer; offset: number }>();
  let next = from;
  let seen = 0;
  for (const { key: offset, value } of storage.range(partition, from, end, recordsPerStep)) {
    const key = latestKey(partition, keyOf(value));
    const text = key.toString('latin1');
    const known = latestOfStep.get(text);
    const before = known?.offset ?? storage.latest.get(key);
    if (before !== undefined) superseded.push(before);
    latestOfStep.set(text, { key, offset });
    next = offset + 1;
    seen += 1;
  }
  if (seen < recordsPerStep) next = end;
  await storage.commit(() => {
    for (const offset of superseded) void storage.records.remove([partition.id, offset]);
    for (const { key, offset } of latestOfStep.values()) void storage.latest.put(key, offset);
    void storage.cleaned.put(partition.id, next);
  });
  return next;
}

function latestKey(partition: Partition, recordKey: Buffer): Buffer {
  const id = Buffer.alloc(5);
  id.writeUInt32BE(partition.id, 0);
  if (recordKey.length <= longestPlainKeyBytes) return Buffer.concat([id, recordKey]);
  id[4] = 1;
  return Buffer.concat([id, createHash('sha256').update(recordKey).digest()]);
}
