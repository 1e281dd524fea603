/**
 * When a member's watermark first reached a seq: the earliest of all kept steps at or above it.
 *
 * Everything a receipt writes is a minimum or a maximum, so writes may come in any order, twice, and from a worker that woke up
 * late: a device's watermark is the greatest seq, a step (kind, seq) keeps its earliest time, and `since` is the earliest time of
 * all steps there ever were. Steps are not thinned out when they are written, because that needs a read per receipt: a device
 * that lags behind adds steps below what another has reached, later than those; hence the earliest at or above, not the next.
 *
 * Steps older than `stepRetentionMs` are gone. A step that was found may then be a later one, so it counts only if nothing can
 * have gone (`since` is young enough) or a kept step below the seq shows that the seq was reached within what is kept. A device
 * that was asleep while others went past, longer than steps are kept, may blur that: then the time is the one at which it caught up.
 */
import { stepRetentionMs } from './store.ts';

/** What an adapter finds of one kind of one member. */
export interface StepsFound {
  /** Earliest time of the kept steps at or above the seq. */
  readonly earliestMs: number | null;
  /** Earliest time of any step that ever was. */
  readonly sinceMs: number | null;
  /** Time of the highest kept step below the seq; asked for only when it matters. */
  below(): Promise<number | null>;
}

export function isKept(atMs: number, nowMs: number): boolean {
  return atMs > nowMs - stepRetentionMs;
}

export async function reachedAtOf(found: StepsFound, nowMs: number): Promise<number | null> {
  const { earliestMs, sinceMs } = found;
  if (earliestMs === null || !isKept(earliestMs, nowMs)) return null;
  if (sinceMs === null || isKept(sinceMs, nowMs)) return earliestMs;
  const belowMs = await found.below();
  return belowMs !== null && isKept(belowMs, nowMs) ? earliestMs : null;
}
