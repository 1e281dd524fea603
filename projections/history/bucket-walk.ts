/**
 * Reads a conversation's rows in order of ULID time over its buckets, in either direction, and says how far it has come.
 *
 * Buckets follow each other in ULID time. Sub-buckets of one bucket do not: they follow each other in seq, and may overlap by the
 * skew. So the sub-buckets of a bucket are read side by side, always the one that is furthest behind, and the walk as a whole has
 * come as far as that one. Rows come in no useful order beyond that: whoever collects them sorts them by seq.
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

export type Direction = 'ascending' | 'descending';

export interface WalkOptions {
  readonly messages: MessageStore;
  readonly conversationId: string;
  readonly buckets: readonly BucketRef[];
  readonly direction: Direction;
  /** ULID time to begin at. */
  readonly startMs: number;
  /** Ascending: only rows above this seq are wanted. Descending: only rows below. */
  readonly beyondSeq: number;
}

/** One sub-bucket on its way. */
interface Stream {
  readonly ref: BucketRef;
  /** Where the next read begins, inclusive: the last row read comes again, and the collector knows it. */
  nextId: string;
  done: boolean;
}

export class BucketWalk {
  readonly #options: WalkOptions;
  /** Buckets not begun, in the direction of the walk; sub-buckets of one bucket together. */
  #ahead: BucketRef[][];
  #streams: Stream[] = [];

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#ahead = groupBuckets(options);
    this.#open();
  }

  /** Ascending: every row with a lesser ULID time was read. Descending: every row with a greater one. ±Infinity at the end. */
  get frontierMs(): number {
    const ascending = this.#options.direction === 'ascending';
    if (this.#streams.length === 0) return ascending ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const times = this.#streams.map((stream) => messageIdTimeMs(stream.nextId));
    return ascending ? Math.min(...times) : Math.max(...times);
  }

  get exhausted(): boolean {
    return this.#streams.length === 0;
  }

  /** Up to `limit` rows (at least 2) of the sub-bucket that is furthest behind. */
  async read(limit: number): Promise<readonly MessageRow[]> {
    const stream = this.#furthestBehind();
    if (stream === undefined) return [];
    const { messages, conversationId, direction, beyondSeq } = this.#options;
    const ascending = direction === 'ascending';
    const rows = await messages.scan({
      conversationId,
      bucket: stream.ref,
      fromMessageId: ascending ? stream.nextId : lowestMessageId(0),
      toMessageId: ascending ? highestMessageId(maxMessageIdTimeMs) : stream.nextId,
      limit,
      order: direction,
      ...(ascending ? { seqAbove: beyondSeq } : { seqBelow: beyondSeq }),
    });
    const last = rows.at(-1);
    if (rows.length < limit || last === undefined) stream.done = true;
    else stream.nextId = last.messageId;
    this.#streams = this.#streams.filter((one) => !one.done);
    if (this.#streams.length === 0) this.#open();
    return rows;
  }

  #furthestBehind(): Stream | undefined {
    const sign = this.#options.direction === 'ascending' ? 1 : -1;
    let behind: Stream | undefined;
    for (const stream of this.#streams) {
      if (behind === undefined || (stream.nextId < behind.nextId ? -1 : 1) * sign < 0) behind = stream;
    }
    return behind;
  }

  /** Begins the next bucket: nothing lies between its edge and the one before. */
  #open(): void {
    const refs = this.#ahead.shift();
    if (refs === undefined) return;
    const { direction, startMs } = this.#options;
    const edgeMs = refs[0]!.bucket * bucketMs;
    const nextId =
      direction === 'ascending'
        ? lowestMessageId(Math.max(startMs, edgeMs))
        : highestMessageId(Math.min(startMs, edgeMs + bucketMs - 1));
    this.#streams = refs.map((ref) => ({ ref, nextId, done: false }));
  }
}

function groupBuckets({ buckets, direction, startMs }: WalkOptions): BucketRef[][] {
  const startBucket = bucketOfTime(Math.min(Math.max(0, startMs), maxMessageIdTimeMs));
  const groups = new Map<number, BucketRef[]>();
  for (const ref of buckets) {
    if (direction === 'ascending' ? ref.bucket < startBucket : ref.bucket > startBucket) continue;
    const group = groups.get(ref.bucket);
    if (group === undefined) groups.set(ref.bucket, [ref]);
    else group.push(ref);
  }
  const sign = direction === 'ascending' ? 1 : -1;
  return [...groups].sort(([a], [b]) => (a - b) * sign).map(([, group]) => group);
}
