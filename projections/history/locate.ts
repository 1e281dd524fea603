/**
 * Finds about when a seq was accepted, where no cursor tells: at the edge of a membership interval, or for a cursor without a time.
 *
 * A binary search over ULID time that looks at one row a step. It is only about right, because ULID order is not quite seq order;
 * but what it returns is proven by a row that was seen: T never falls with seq, so the T of any row below the seq is a lower
 * bound of what follows, and the T of any row at or above it an upper bound of what comes before.
 */

import {
  highestMessageId,
  lowestMessageId,
  maxMessageIdTimeMs,
  messageIdTimeMs,
} from '@parley/schemas/identity/message-id';
import { bucketMs, bucketOfTime } from '@parley/streams/conversation/buckets';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';
import type { MessageStore } from '../messages/store.ts';
import { idSkewMs } from './skew.ts';

export interface Located {
  /** T of a row below the seq; null if none was seen. */
  readonly belowMs: number | null;
  /** T of a row at or above the seq; null if none was seen. */
  readonly aboveMs: number | null;
}

async function firstRowFrom(
  messages: MessageStore,
  conversationId: string,
  buckets: readonly BucketRef[],
  timeMs: number,
): Promise<MessageRow | null> {
  for (const bucket of buckets) {
    if (bucket.bucket < bucketOfTime(timeMs)) continue;
    const [row] = await messages.scan({
      conversationId,
      bucket,
      fromMessageId: lowestMessageId(timeMs),
      toMessageId: highestMessageId(maxMessageIdTimeMs),
      limit: 1,
      order: 'ascending',
    });
    if (row !== undefined) return row;
  }
  return null;
}

export async function locate(
  messages: MessageStore,
  conversationId: string,
  buckets: readonly BucketRef[],
  seq: number,
): Promise<Located> {
  const sorted = [...buckets].sort((a, b) => a.bucket - b.bucket || a.subBucket - b.subBucket);
  let belowMs: number | null = null;
  let aboveMs: number | null = null;
  if (sorted.length === 0) return { belowMs, aboveMs };
  let lowMs = sorted[0]!.bucket * bucketMs;
  let highMs = (sorted.at(-1)!.bucket + 1) * bucketMs;
  while (highMs - lowMs > idSkewMs) {
    const middleMs = Math.floor((lowMs + highMs) / 2);
    const row = await firstRowFrom(messages, conversationId, sorted, middleMs);
    if (row !== null && row.seq < seq) {
      belowMs = Math.max(belowMs ?? 0, row.atMs);
      lowMs = Math.max(middleMs, messageIdTimeMs(row.messageId));
    } else {
      if (row !== null) aboveMs = Math.min(aboveMs ?? row.atMs, row.atMs);
      highMs = middleMs;
    }
  }
  return { belowMs, aboveMs };
}
