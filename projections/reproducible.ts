/**
 * What of the projections the log gives again to the bit, and what it does not: by this a rebuilt projection is compared.
 *
 * A write timestamp is reproduced where a row is written by one event. An inbox row is written once for a batch, with the timestamp of the
 * last event in it, so that depends on where the log was cut into batches; its values do not. Of the steps of receipts within one
 * second the highest stays, which depends on the same; when a seq was reached is the same to a second. After a compaction of the log
 * only watermarks can come back, and a seq seems to have been reached later.
 */
import type { StoreTable } from './store-writes.ts';

export const reproducesWriteTimestamps: Readonly<Record<StoreTable, boolean>> = {
  messages: true,
  members: true,
  fold_states: true,
  inbox: false,
  receipts: false,
};

const secondMs = 1_000;

/** Of one member and kind. */
export interface ReceiptStep {
  readonly seq: number;
  readonly atMs: number;
}

export interface DifferentStep {
  readonly seq: number;
  /** When the seq was reached; null if never. */
  readonly liveMs: number | null;
  readonly againMs: number | null;
}

/** The seqs that were not reached at the same time, to what can be reproduced. */
export function differentSteps(
  live: readonly ReceiptStep[],
  again: readonly ReceiptStep[],
  wasCompacted: boolean,
): DifferentStep[] {
  const [liveAt, againAt] = [reachedAt(live), reachedAt(again)];
  const seqs = new Set([...live, ...again].map(({ seq }) => seq));
  return [...seqs]
    .map((seq) => ({ seq, liveMs: liveAt(seq), againMs: againAt(seq) }))
    .filter(({ liveMs, againMs }) => !isReproduced(liveMs, againMs, wasCompacted));
}

function isReproduced(liveMs: number | null, againMs: number | null, wasCompacted: boolean): boolean {
  if (liveMs === null) return againMs === null;
  if (wasCompacted) return againMs === null || againMs >= liveMs - secondMs;
  return againMs !== null && Math.abs(againMs - liveMs) < secondMs;
}

/** The earliest time of the steps at or above a seq; null if there is none. */
function reachedAt(steps: readonly ReceiptStep[]): (seq: number) => number | null {
  const rising = [...steps].sort((one, other) => one.seq - other.seq);
  const earliest = new Array<number>(rising.length);
  for (let at = rising.length - 1; at >= 0; at--) {
    earliest[at] = Math.min(rising[at]!.atMs, earliest[at + 1] ?? Number.POSITIVE_INFINITY);
  }
  return (seq) => {
    let [low, high] = [0, rising.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rising[middle]!.seq < seq) low = middle + 1;
      else high = middle;
    }
    return earliest[low] ?? null;
  };
}
