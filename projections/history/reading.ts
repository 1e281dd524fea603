/** What both directions of reading begin with, and how much they read at once. */
import type { BucketRef } from '@parley/streams/conversation/state';
import type { MembershipInterval } from '../members/store.ts';
import type { MessageStore } from '../messages/store.ts';

export interface Reading {
  readonly messages: MessageStore;
  readonly conversationId: string;
  readonly buckets: readonly BucketRef[];
  readonly lastSeq: number;
  /** As they were before the rows were read: they choose what to read, and authorise nothing. */
  readonly intervals: readonly MembershipInterval[];
  intervalsNow(): Promise<readonly MembershipInterval[]>;
  readonly limit: number;
}

const maxChunkRows = 1_000;
const spareRows = 64;

/** Rows of the first read: a page and some that have a neighbour's ULID. */
export function firstChunk(limit: number): number {
  return Math.min(limit + spareRows, maxChunkRows);
}

export function nextChunk(chunk: number): number {
  return Math.min(2 * chunk, maxChunkRows);
}

/** Once a page covers anything, it stops reading after so many rows: in a burst, a page may be less than full. */
export const rowBudget = 10_000;

/** Rows held at once, besides as many again before the furthest are dropped. */
export function maxHeldRows(limit: number): number {
  return limit + 4 * spareRows;
}
