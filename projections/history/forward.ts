/** Reads what comes after a cursor: rows in order of ULID from 90 s before the cursor's T, until a page's worth is proven. */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { MessageRow } from '@parley/streams/conversation/rows';
import { type MembershipInterval, maySee } from '../members/store.ts';
import { BucketWalk } from './bucket-walk.ts';
import { CollectedRows } from './collected-rows.ts';
import { coveredTo, nextVisible } from './coverage.ts';
import { locate } from './locate.ts';
import type { FetchQuery, HistoryPage } from './reader.ts';
import { firstChunk, isShown, nextChunk, type Reading } from './reading.ts';
import { fetchMarginMs, idSkewMs, nearMarginMs } from './skew.ts';

class ForwardPage {
  readonly #reading: Reading;
  readonly #afterSeq: number;
  /** Where rows are wanted from: beyond what is hidden right after the cursor. */
  readonly #cursor: number;
  readonly #rows: CollectedRows;
  /** A T that nothing above the cursor lies before. */
  #floorMs: number;
  #walk: BucketWalk;
  /** The walk began close to the cursor: what it finds is there, what it does not find may be all the same. */
  #isNear = false;
  #located: boolean;
  #rowsRead = 0;

  constructor(reading: Reading, query: FetchQuery) {
    this.#reading = reading;
    this.#afterSeq = query.afterSeq;
    this.#cursor = Math.min(nextVisible(reading.intervals, query.afterSeq + 1) - 1, reading.lastSeq);
    this.#rows = new CollectedRows('ascending', reading.limit + reading.sizes.heldRows);
    this.#floorMs = query.afterSeq === 0 ? 0 : query.afterAtMs;
    this.#located = this.#cursor === 0;
    this.#walk = this.#fullWalk();
  }

  #fullWalk(): BucketWalk {
    return this.#walkFrom(this.#floorMs - fetchMarginMs);
  }

  #walkFrom(startMs: number): BucketWalk {
    const { messages, conversationId, buckets } = this.#reading;
    return new BucketWalk({
      messages,
      conversationId,
      buckets,
      direction: 'ascending',
      startMs: Math.max(0, startMs),
      beyondSeq: this.#cursor,
    });
  }

  /** True where the cursor's T says nothing of the rows that are wanted: after a stretch that is hidden from the user. */
  #needsLocating(): boolean {
    const begins = this.#reading.intervals.some(({ joinedSeq }) => joinedSeq === this.#cursor + 1);
    return begins || this.#floorMs <= 0;
  }

  async #locate(): Promise<void> {
    this.#located = true;
    const { messages, conversationId, buckets } = this.#reading;
    const { belowMs } = await locate(messages, conversationId, buckets, this.#cursor + 1);
    if (belowMs === null || belowMs <= this.#floorMs) return;
    this.#floorMs = belowMs;
    this.#walk = this.#walkFrom(belowMs - idSkewMs);
  }

  #covered(intervals: readonly MembershipInterval[]): number {
    return coveredTo({
      afterSeq: this.#cursor,
      lastSeq: Math.min(this.#reading.lastSeq, this.#rows.claimableSeq),
      rows: this.#rows.sorted(),
      frontierMs: this.#isNear ? Number.NEGATIVE_INFINITY : this.#walk.frontierMs,
      intervals,
    });
  }

  #isEnough(intervals: readonly MembershipInterval[]): boolean {
    const covered = this.#covered(intervals);
    const { limit, lastSeq, sizes } = this.#reading;
    if ((this.#walk.exhausted && !this.#isNear) || covered >= lastSeq) return true;
    if (covered <= this.#afterSeq) return false;
    const beforeHidden = covered > this.#cursor && !maySee(intervals, covered);
    return beforeHidden || this.#rowsRead >= sizes.budgetRows || this.#visible(covered, intervals).length >= limit;
  }

  #visible(covered: number, intervals: readonly MembershipInterval[]): MessageRow[] {
    return this.#rows.sorted().filter((row) => row.seq <= covered && isShown(this.#reading, intervals, row));
  }

  /**
   * Most clocks are right, so most pages lie right after the cursor and without a gap, which needs no other proof: one short read
   * spares going over everything of the 90 s around a burst again for each of its pages.
   */
  async #readNear(intervals: readonly MembershipInterval[]): Promise<void> {
    this.#isNear = true;
    this.#walk = this.#walkFrom(this.#floorMs - nearMarginMs);
    this.#collect(await this.#walk.read(firstChunk(this.#reading)));
    if (!this.#isEnough(intervals)) this.#lookFurther();
  }

  #lookFurther(): void {
    this.#isNear = false;
    this.#walk = this.#fullWalk();
  }

  async #readRows(intervals: readonly MembershipInterval[]): Promise<void> {
    let chunk = firstChunk(this.#reading);
    if (this.#isNear && !this.#isEnough(intervals)) this.#lookFurther();
    while (!this.#isEnough(intervals)) {
      const rows = await this.#walk.read(chunk);
      // A whole bucket without a row that is wanted: rather than go through the next ones, look where to go on.
      if (rows.length === 0 && !this.#located && !this.#walk.exhausted) await this.#locate();
      this.#collect(rows);
      chunk = nextChunk(chunk, this.#reading);
    }
  }

  #collect(rows: readonly MessageRow[]): void {
    for (const row of rows) this.#rows.add(row);
    this.#rowsRead += rows.length;
  }

  async read(): Promise<HistoryPage> {
    let { intervals } = this.#reading;
    if (this.#cursor < this.#reading.lastSeq && !this.#located && this.#needsLocating()) await this.#locate();
    else if (this.#floorMs > 0 && this.#cursor < this.#reading.lastSeq) await this.#readNear(intervals);
    for (;;) {
      await this.#readRows(intervals);
      intervals = await this.#reading.intervalsNow();
      if (intervals.length === 0) throw new ParleyError('not_found');
      // Who joins after last_seq was read joins above it, so nothing below becomes visible that was skipped as hidden.
      invariant(nextVisible(intervals, this.#afterSeq + 1) > this.#cursor, 'membership below last_seq does not change');
      // The last intervals decide; if they show more than the ones before, there is more to read.
      if (this.#isEnough(intervals)) return this.#page(intervals);
    }
  }

  #page(intervals: readonly MembershipInterval[]): HistoryPage {
    const { conversationId, lastSeq, limit } = this.#reading;
    let covered = this.#covered(intervals);
    let rows = this.#visible(covered, intervals);
    if (rows.length > limit) {
      rows = rows.slice(0, limit);
      covered = Math.min(nextVisible(intervals, rows.at(-1)!.seq + 1) - 1, covered);
    }
    const known = this.#rows.sorted().findLast(({ seq }) => seq <= covered);
    return {
      conversationId,
      coveredFrom: this.#afterSeq + 1,
      coveredTo: Math.max(covered, this.#afterSeq),
      coveredToAtMs: Math.max(this.#floorMs, known?.atMs ?? 0),
      lastSeq,
      more: covered < lastSeq,
      rows,
    };
  }
}

export function readForward(reading: Reading, query: FetchQuery): Promise<HistoryPage> {
  return new ForwardPage(reading, query).read();
}
