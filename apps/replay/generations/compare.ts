/**
 * Two generations, row by row: a merge of their scans, which hold the same rows in the same order.
 *
 * A pair that is not equal is only a suspect: the two rows were read at different moments, and what is written meanwhile is not in
 * both at once. So suspects are looked at again (settle.ts) before anything is said about them.
 */
import { differentSteps } from '@parley/projections/reproducible';
import {
  comparePlaces,
  type ProjectionScan,
  type ScannedProjection,
  type ScannedRow,
} from '@parley/projections/scan/scan';

export interface Difference {
  readonly projection: ScannedProjection;
  readonly key: string;
  /** null: the whole row. */
  readonly column: string | null;
  readonly live: string | null;
  readonly shadow: string | null;
}

export interface Suspect {
  readonly projection: ScannedProjection;
  readonly key: ScannedRow['key'];
}

export type PairObserver = (projection: ScannedProjection, rows: number) => void;

const absent = null;
const there = 'there';

/** What is different of one row; nothing if nothing is. */
export function differencesOf(
  { projection, key }: Suspect,
  live: ScannedRow | null,
  shadow: ScannedRow | null,
  wasCompacted: boolean,
): Difference[] {
  const name = key.join('/');
  const difference = (column: string | null, liveValue: string | null, shadowValue: string | null): Difference => ({
    ...{ projection, key: name, column, live: liveValue, shadow: shadowValue },
  });
  if (live === null || shadow === null) {
    if (live === shadow) return [];
    return [difference(null, live === null ? absent : there, shadow === null ? absent : there)];
  }
  const found: Difference[] = [];
  for (const column of new Set([...Object.keys(live.columns), ...Object.keys(shadow.columns)])) {
    const [one, other] = [live.columns[column] ?? absent, shadow.columns[column] ?? absent];
    if (one !== other) found.push(difference(column, one, other));
  }
  for (const kind of ['delivered', 'read'] as const) {
    const [one, other] = [live.steps?.[kind] ?? [], shadow.steps?.[kind] ?? []];
    for (const { seq, liveMs, againMs } of differentSteps(one, other, wasCompacted)) {
      found.push(difference(`${kind} ${seq} at`, textOf(liveMs), textOf(againMs)));
    }
  }
  return found;
}

const textOf = (atMs: number | null): string | null => (atMs === null ? absent : new Date(atMs).toISOString());

/** Pairs that are not equal at first sight; `observe` counts all pairs. */
export async function* suspects(
  projection: ScannedProjection,
  live: ProjectionScan,
  shadow: ProjectionScan,
  wasCompacted: boolean,
  observe: PairObserver,
): AsyncGenerator<Suspect> {
  const [left, right] = [new Cursor(live.rows(projection)), new Cursor(shadow.rows(projection))];
  let pairs = 0;
  for (;;) {
    const [one, other] = [await left.peek(), await right.peek()];
    if (one === null && other === null) break;
    const order = one === null ? 1 : other === null ? -1 : comparePlaces(one.place, other.place);
    if (order <= 0) left.take();
    if (order >= 0) right.take();
    const [liveRow, shadowRow] = [order <= 0 ? one : null, order >= 0 ? other : null];
    const suspect = { projection, key: (liveRow ?? shadowRow)!.key };
    if (differencesOf(suspect, liveRow, shadowRow, wasCompacted).length > 0) yield suspect;
    pairs += 1;
    if (pairs % observeEvery === 0) observe(projection, observeEvery);
  }
  observe(projection, pairs % observeEvery);
}

const observeEvery = 1_000;

/** One scan, a row at a time; it holds one page. */
class Cursor {
  readonly #pages: AsyncIterator<readonly ScannedRow[]>;
  #page: readonly ScannedRow[] = [];
  #at = 0;

  constructor(rows: AsyncIterable<readonly ScannedRow[]>) {
    this.#pages = rows[Symbol.asyncIterator]();
  }

  async peek(): Promise<ScannedRow | null> {
    while (this.#at >= this.#page.length) {
      const next = await this.#pages.next();
      if (next.done === true) return null;
      this.#page = next.value;
      this.#at = 0;
    }
    return this.#page[this.#at]!;
  }

  take(): void {
    this.#at += 1;
  }
}
