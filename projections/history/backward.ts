/** Reads what came before a message: rows against the order of ULID from 60 s after its T, until a page's worth is proven. */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { maxMessageIdTimeMs } from '@parley/schemas/identity/message-id';
import type { MessageRow } from '@parley/streams/conversation/rows';
import { type MembershipInterval, maySee } from '../members/store.ts';
import { BucketWalk } from './bucket-walk.ts';
import { CollectedRows } from './collected-rows.ts';
import { coveredFrom, previousVisible } from './coverage.ts';
import { locate } from './locate.ts';
import type { BeforeQuery, HistoryPage } from './reader.ts';
import { firstChunk, isShown, nextChunk, type Reading } from './reading.ts';
import { historyMarginMs, idSkewMs, nearMarginMs } from './skew.ts';

class BackwardPage {
  readonly #reading: Reading;
  /** One above the highest seq that is asked for. */
  readonly #beforeSeq: number;
  /** Where rows are wanted from: below what is hidden right before. */
  readonly #cursor: number;
  readonly #rows: CollectedRows;
  /** T of the message asked before; null where it is not known, or the newest are asked for. */
  readonly #beforeAtMs: number | null;
  /** A T that nothing below the cursor lies after. */
  #ceilingMs: number;
  #belowMs = 0;
  #walk: BucketWalk;
  /** The walk began close to the cursor: what it finds is there, what it does not find may be all the same. */
  #isNear = false;
  #located: boolean;
  #rowsRead = 0;

  constructor(reading: Reading, query: BeforeQuery) {
    this.#reading = reading;
    const newest = query.beforeSeq === 0 || query.beforeSeq > reading.lastSeq;
    this.#beforeSeq = newest ? reading.lastSeq + 1 : query.beforeSeq;
    this.#cursor = previousVisible(reading.intervals, this.#beforeSeq - 1) + 1;
    this.#rows = new CollectedRows('descending', reading.limit + reading.sizes.heldRows);
    this.#beforeAtMs = newest || query.beforeAtMs <= 0 ? null : query.beforeAtMs;
    this.#ceilingMs = this.#beforeAtMs ?? Number.POSITIVE_INFINITY;
    this.#located = newest && this.#cursor === this.#beforeSeq;
    this.#walk = this.#fullWalk();
  }

  #fullWalk(): BucketWalk {
    return this.#walkFrom(this.#ceilingMs + historyMarginMs);
  }

  #walkFrom(startMs: number): BucketWalk {
    const { messages, conversationId, buckets } = this.#reading;
    return new BucketWalk({
      messages,
      conversationId,
      buckets,
      direction: 'descending',
      startMs: Math.min(startMs, maxMessageIdTimeMs),
      beyondSeq: this.#cursor,
    });
  }

  /** True where no T is known that lies near the rows that are wanted: before a stretch that is hidden from the user. */
  #needsLocating(): boolean {
    const ends = this.#reading.intervals.some(({ leftSeq }) => leftSeq === this.#cursor);
    return ends || this.#ceilingMs === Number.POSITIVE_INFINITY;
  }

  async #locate(): Promise<void> {
    this.#located = true;
    const { messages, conversationId, buckets } = this.#reading;
    const { aboveMs, belowMs } = await locate(messages, conversationId, buckets, this.#cursor);
    this.#belowMs = belowMs ?? 0;
    if (aboveMs === null || aboveMs >= this.#ceilingMs) return;
    this.#ceilingMs = aboveMs;
    this.#walk = this.#walkFrom(aboveMs + idSkewMs);
  }

  #covered(intervals: readonly MembershipInterval[]): number {
    return coveredFrom({
      beforeSeq: this.#cursor,
      firstSeq: Math.max(1, this.#rows.claimableSeq),
      rows: this.#rows.sorted(),
      frontierMs: this.#isNear ? Number.POSITIVE_INFINITY : this.#walk.frontierMs,
      intervals,
    });
  }

  #isEnough(intervals: readonly MembershipInterval[]): boolean {
    const covered = this.#covered(intervals);
    const { limit, sizes } = this.#reading;
    if ((this.#walk.exhausted && !this.#isNear) || covered <= 1) return true;
    if (covered >= this.#beforeSeq) return false;
    const afterHidden = covered < this.#cursor && !maySee(intervals, covered);
    return afterHidden || this.#rowsRead >= sizes.budgetRows || this.#visible(covered, intervals).length >= limit;
  }

  #visible(covered: number, intervals: readonly MembershipInterval[]): MessageRow[] {
    return this.#rows.sorted().filter((row) => row.seq >= covered && isShown(this.#reading, intervals, row));
  }

  /**
   * Most clocks are right, so most pages lie right before the cursor and without a gap, which needs no other proof: one short read
   * spares going over everything of the 90 s around a burst again for each of its pages.
   */
  async #readNear(intervals: readonly MembershipInterval[]): Promise<void> {
    this.#isNear = true;
    this.#walk = this.#walkFrom(this.#ceilingMs + nearMarginMs);
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
      // A whole bucket without a row that is wanted: rather than go through the ones before, look where to go on.
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
    if (this.#cursor > 1 && !this.#located && this.#needsLocating()) await this.#locate();
    else if (this.#cursor > 1 && this.#ceilingMs !== Number.POSITIVE_INFINITY) await this.#readNear(intervals);
    for (;;) {
      await this.#readRows(intervals);
      intervals = await this.#reading.intervalsNow();
      if (intervals.length === 0) throw new ParleyError('not_found');
      // Who joins after last_seq was read joins above it, so nothing below becomes visible that was skipped as hidden.
      invariant(
        previousVisible(intervals, this.#beforeSeq - 1) < this.#cursor,
        'membership below last_seq does not change',
      );
      if (this.#isEnough(intervals)) return this.#page(intervals);
    }
  }

  #page(intervals: readonly MembershipInterval[]): HistoryPage {
    const { conversationId, lastSeq, limit } = this.#reading;
    let covered = this.#covered(intervals);
    let rows = this.#visible(covered, intervals);
    if (rows.length > limit) {
      rows = rows.slice(0, limit);
      covered = Math.max(previousVisible(intervals, rows.at(-1)!.seq - 1) + 1, covered);
    }
    // Where no row is known, T of the message asked before will do: it is a T that nothing from there on lies before.
    const newestMs = this.#rows.sorted()[0]?.atMs ?? this.#beforeAtMs ?? this.#belowMs;
    return {
      conversationId,
      coveredFrom: covered,
      coveredTo: this.#beforeSeq - 1,
      coveredToAtMs: newestMs,
      lastSeq,
      more: covered > 1,
      rows: rows.toReversed(),
    };
  }
}

export function readBackward(reading: Reading, query: BeforeQuery): Promise<HistoryPage> {
  return new BackwardPage(reading, query).read();
}
