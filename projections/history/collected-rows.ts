/**
 * The rows of a page in the making, by seq. Bounded: rows come in order of ULID, and in a burst thousands that are not wanted yet
 * come before the one that is. Of more than it holds, those furthest from the cursor are dropped, and nothing at or beyond them is
 * claimed.
 */
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { Direction } from './bucket-walk.ts';

export class CollectedRows {
  readonly #sign: 1 | -1;
  readonly #maxRows: number;
  readonly #rows = new Map<number, MessageRow>();
  /** The nearest seq that was dropped; claims end before it. */
  #droppedSeq: number;
  #sorted: readonly MessageRow[] | null = null;

  constructor(direction: Direction, maxRows: number) {
    this.#sign = direction === 'ascending' ? 1 : -1;
    this.#maxRows = maxRows;
    this.#droppedSeq = this.#sign * Number.POSITIVE_INFINITY;
  }

  /** The last seq, in the direction of reading, that may be claimed as far as this collection goes. */
  get claimableSeq(): number {
    return this.#droppedSeq - this.#sign;
  }

  add(row: MessageRow): void {
    if ((row.seq - this.#droppedSeq) * this.#sign >= 0) return;
    this.#rows.set(row.seq, row);
    this.#sorted = null;
    if (this.#rows.size >= 2 * this.#maxRows) this.#drop();
  }

  #drop(): void {
    const tooFar = this.sorted().slice(this.#maxRows);
    this.#droppedSeq = tooFar[0]!.seq;
    for (const { seq } of tooFar) this.#rows.delete(seq);
    this.#sorted = null;
  }

  /** Nearest to the cursor first. */
  sorted(): readonly MessageRow[] {
    this.#sorted ??= [...this.#rows.values()].sort((a, b) => (a.seq - b.seq) * this.#sign);
    return this.#sorted;
  }
}
