/**
 * What rows read so far prove: up to which seq a reader lacks nothing (design rule 13).
 *
 * Three arguments carry a claim on from a seq that is covered already (told here for reading forward; backward is the mirror):
 * 1. The next seq was read.
 * 2. The next seq, and all up to an interval's edge, are not for this user.
 * 3. A row's ULID time lies within ±30 s of its T, and T never falls with seq. So once all rows with a ULID time before t were
 *    read, whatever has T < t − 30 s was among them, if it exists: a seq at or below one with such a T, and not read, is gone.
 */
import type { MembershipInterval } from '../members/store.ts';
import { maySee } from '../members/store.ts';
import { idSkewMs } from './skew.ts';

/** All that a claim needs of a row. */
export interface SeenRow {
  readonly seq: number;
  readonly atMs: number;
}

export interface Forward {
  /** Covered already. */
  readonly afterSeq: number;
  /** Nothing above is claimed. */
  readonly lastSeq: number;
  /** By seq, ascending, all above `afterSeq`. */
  readonly rows: readonly SeenRow[];
  /** Every row with a lesser ULID time was read; Infinity: every row. */
  readonly frontierMs: number;
  readonly intervals: readonly MembershipInterval[];
}

/** The highest seq up to which everything above `afterSeq` is known. */
export function coveredTo({ afterSeq, lastSeq, rows, frontierMs, intervals }: Forward): number {
  if (frontierMs === Number.POSITIVE_INFINITY) return Math.max(afterSeq, lastSeq);
  let covered = afterSeq;
  for (const row of rows) if (row.atMs < frontierMs - idSkewMs) covered = row.seq;
  let index = rows.findIndex((row) => row.seq > covered);
  while (covered < lastSeq) {
    const next = covered + 1;
    while (index >= 0 && index < rows.length && rows[index]!.seq < next) index++;
    if (index >= 0 && rows[index]?.seq === next) covered = next;
    else if (!maySee(intervals, next)) covered = nextVisible(intervals, next) - 1;
    else break;
  }
  return Math.max(afterSeq, Math.min(covered, lastSeq));
}

export interface Backward {
  /** Covered from here on. */
  readonly beforeSeq: number;
  /** Nothing below is claimed. */
  readonly firstSeq: number;
  /** By seq, descending, all below `beforeSeq`. */
  readonly rows: readonly SeenRow[];
  /** Every row with a greater ULID time was read; -Infinity: every row. */
  readonly frontierMs: number;
  readonly intervals: readonly MembershipInterval[];
}

/** The lowest seq from which everything below `beforeSeq` is known. */
export function coveredFrom({ beforeSeq, firstSeq, rows, frontierMs, intervals }: Backward): number {
  if (frontierMs === Number.NEGATIVE_INFINITY) return Math.min(beforeSeq, firstSeq);
  let covered = beforeSeq;
  for (const row of rows) if (row.atMs > frontierMs + idSkewMs) covered = row.seq;
  let index = rows.findIndex((row) => row.seq < covered);
  while (covered > firstSeq) {
    const next = covered - 1;
    while (index >= 0 && index < rows.length && rows[index]!.seq > next) index++;
    if (index >= 0 && rows[index]?.seq === next) covered = next;
    else if (!maySee(intervals, next)) covered = previousVisible(intervals, next) + 1;
    else break;
  }
  return Math.min(beforeSeq, Math.max(covered, firstSeq));
}

/** The first seq at or above that the user may see; Infinity if there is none. */
export function nextVisible(intervals: readonly MembershipInterval[], seq: number): number {
  if (maySee(intervals, seq)) return seq;
  let first = Number.POSITIVE_INFINITY;
  for (const { joinedSeq, leftSeq } of intervals) {
    if (joinedSeq >= seq && (leftSeq === null || leftSeq > joinedSeq)) first = Math.min(first, joinedSeq);
  }
  return first;
}

/** The last seq at or below that the user may see; 0 if there is none. */
export function previousVisible(intervals: readonly MembershipInterval[], seq: number): number {
  if (maySee(intervals, seq)) return seq;
  let last = 0;
  for (const { joinedSeq, leftSeq } of intervals) {
    if (leftSeq !== null && leftSeq <= seq && leftSeq > joinedSeq) last = Math.max(last, leftSeq - 1);
  }
  return last;
}
