/**
 * Where a message row lies: a bucket is 10 days of ULID time, cut into sub-buckets when it grows too large for one partition of
 * the message store (design rule 12).
 *
 * Readers find a row's bucket from its id alone, so the length of a bucket can never change; which sub-buckets there are is
 * listed in the conversation's state.
 */
import { messageIdTimeMs } from '@parley/schemas/identity/message-id';
import type { BucketRef } from './state.ts';

export const bucketMs = 10 * 86_400_000;

/** The bucket of a time inside a ULID. */
export function bucketOfTime(timeMs: number): number {
  return Math.floor(timeMs / bucketMs);
}

/** The bucket of a valid message id. */
export function bucketOfMessageId(messageId: string): number {
  return bucketOfTime(messageIdTimeMs(messageId));
}

export interface BucketPlace {
  readonly bucket: number;
  readonly subBucket: number;
  /** True for the first row of the (sub-)bucket. */
  readonly opens: boolean;
}

/** Index of the last sub-bucket of the bucket, or -1. Looks from the end, where the present is. */
function lastIndexOf(buckets: readonly BucketRef[], bucket: number): number {
  for (let index = buckets.length - 1; index >= 0; index--) {
    const listed = buckets[index]!.bucket;
    if (listed === bucket) return index;
    if (listed < bucket) return -1;
  }
  return -1;
}

/** Where the next row of the bucket goes. */
export function placeRow(buckets: readonly BucketRef[], bucket: number, maxRowsPerSubBucket: number): BucketPlace {
  const index = lastIndexOf(buckets, bucket);
  if (index < 0) return { bucket, subBucket: 0, opens: true };
  const { subBucket, rows } = buckets[index]!;
  if (rows < maxRowsPerSubBucket) return { bucket, subBucket, opens: false };
  return { bucket, subBucket: subBucket + 1, opens: true };
}

/** The list with one more row at the place; in order of bucket, then sub-bucket. */
export function withRow(buckets: readonly BucketRef[], place: BucketPlace): readonly BucketRef[] {
  const { bucket, subBucket, opens } = place;
  if (!opens) {
    const index = lastIndexOf(buckets, bucket);
    return buckets.with(index, { bucket, subBucket, rows: buckets[index]!.rows + 1 });
  }
  // Ids of one moment may straddle a boundary, so the bucket that opens is not always the newest.
  const after = buckets.findIndex((listed) => listed.bucket > bucket);
  return buckets.toSpliced(after < 0 ? buckets.length : after, 0, { bucket, subBucket, rows: 1 });
}
