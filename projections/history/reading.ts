/** What both directions of reading begin with, and how much they read at once. */
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';
import { type MembershipInterval, maySee } from '../members/store.ts';
import { isOver, type MessageStore } from '../messages/store.ts';

export interface Reading {
  readonly messages: MessageStore;
  readonly conversationId: string;
  readonly buckets: readonly BucketRef[];
  readonly lastSeq: number;
  /** As they were before the rows were read: they choose what to read, and authorise nothing. */
  readonly intervals: readonly MembershipInterval[];
  intervalsNow(): Promise<readonly MembershipInterval[]>;
  readonly limit: number;
  /** What is over by then is not shown: one moment for the whole page. */
  readonly asOfMs: number;
  readonly sizes: ReadingSizes;
}

/** True for a row that the user may be shown. */
export function isShown({ asOfMs }: Reading, intervals: readonly MembershipInterval[], row: MessageRow): boolean {
  return maySee(intervals, row.seq) && !isOver(row, asOfMs);
}

/** How much is read and held at once. Production has one set; tests have small ones, so that little data shows what much would. */
export interface ReadingSizes {
  /** Rows of a first read beyond a page: some have a neighbour's ULID. */
  readonly spareRows: number;
  readonly maxChunkRows: number;
  /** Rows held beyond a page, and as many again, before the furthest are dropped. */
  readonly heldRows: number;
  /** Once a page covers anything, it stops reading after so many rows: in a burst, a page may be less than full. */
  readonly budgetRows: number;
}

export const productionSizes: ReadingSizes = {
  spareRows: 64,
  maxChunkRows: 1_000,
  heldRows: 256,
  budgetRows: 10_000,
};

export function firstChunk({ limit, sizes }: Reading): number {
  return Math.max(2, Math.min(limit + sizes.spareRows, sizes.maxChunkRows));
}

export function nextChunk(chunk: number, { sizes }: Reading): number {
  return Math.max(2, Math.min(2 * chunk, sizes.maxChunkRows));
}
