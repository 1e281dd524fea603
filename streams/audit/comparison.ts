/**
 * Holds the records of one partition against the blocks that sealed them, block after block.
 *
 * What is as it was sealed is passed over quickly, and its chain computed again from the whole records: where a block ends it must be
 * the chain that was sealed. At the first difference enough blocks and records are collected to tell a changed record from one that is
 * gone, and one that was moved from both. Behind a difference the chain goes on from what was sealed: one changed record is one finding.
 */
import type { LogReader } from '../log/log.ts';
import { align, type Difference, type Place } from './alignment.ts';
import { extendChain } from './hash-chain.ts';
import { type DigestedRecord, RecordWindow } from './record-window.ts';

/** How far a record is looked for; beyond so many removals or additions each counts by itself. */
const lookahead = 256;
/** So many are judged together where something differs. */
const judgedAtOnce = 1_000;

export interface SealedBlock {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly places: readonly Place[];
  /** Before its first record; null where the checkpoint before it is missing. */
  readonly chainBefore: Buffer | null;
  readonly chain: Buffer;
}

export interface ComparisonEvents<B extends SealedBlock> {
  different(difference: Difference): void;
  /** From this offset on the records stand so much higher (or lower, below 0) than before. */
  renumbered(offset: number, by: number): void;
  /** All its records are there, and yet they give another chain. */
  chainDiffers(block: B): void;
}

export class Comparison<B extends SealedBlock> {
  readonly #log: Pick<LogReader, 'read'>;
  readonly #place: { readonly topic: string; readonly partition: number };
  readonly #events: ComparisonEvents<B>;
  #window: RecordWindow | null = null;
  #expected: readonly Place[] = [];
  #blocks: B[] = [];
  #shift = 0;
  /** Up to the last record that was passed; null once it can't be known. */
  #chain: Buffer | null = null;

  constructor(
    log: Pick<LogReader, 'read'>,
    place: { readonly topic: string; readonly partition: number },
    events: ComparisonEvents<B>,
  ) {
    this.#log = log;
    this.#place = place;
    this.#events = events;
  }

  get shift(): number {
    return this.#shift;
  }

  async add(block: B): Promise<void> {
    if (block.chainBefore === null) await this.#skipTo(block.fromOffset);
    this.#window ??= new RecordWindow(this.#log, { ...this.#place, fromOffset: block.fromOffset });
    if (this.#blocks.length === 0) this.#chain = block.chainBefore;
    this.#blocks.push(block);
    this.#expected = this.#expected.length === 0 ? block.places : [...this.#expected, ...block.places];
    await this.#compare(lookahead);
  }

  /** Judges what is left. */
  async end(): Promise<void> {
    await this.#compare(0);
    await this.close();
  }

  async close(): Promise<void> {
    await this.#window?.close();
    this.#window = null;
  }

  async #compare(more: number): Promise<void> {
    while (this.#expected.length > 0) {
      const last = this.#expected.at(-1)!.offset;
      const actual = await this.#window!.below(last + this.#shift + 1);
      this.#pass(actual);
      if (this.#expected.length === 0 || (more > 0 && this.#expected.length < judgedAtOnce + more)) break;
      await this.#judge(last, more);
    }
    this.#finishBlocks();
  }

  /** Takes what is as it was sealed. */
  #pass(actual: readonly DigestedRecord[]): void {
    let count = 0;
    for (const { offset, digest } of this.#expected) {
      const record = actual[count];
      if (record === undefined || record.offset !== offset + this.#shift || !record.digest.equals(digest)) break;
      this.#passOne(record);
      count += 1;
    }
    if (count === 0) return;
    this.#expected = this.#expected.slice(count);
    this.#window!.keep(actual.slice(count));
  }

  #passOne({ offset, whole }: DigestedRecord): void {
    const sealedAt = offset - this.#shift;
    while (this.#blocks[0] !== undefined && this.#blocks[0].toOffset <= sealedAt) this.#finishBlock();
    if (this.#chain !== null && this.#shift === 0) this.#chain = extendChain(this.#chain, offset, whole);
    else this.#chain = null;
  }

  async #judge(last: number, more: number): Promise<void> {
    const window = this.#window!;
    const actual = await window.below(last + this.#shift + lookahead);
    const { differences, shift, ...rest } = align(this.#expected, actual, { shift: this.#shift, more });
    for (const difference of differences) this.#events.different(difference);
    if (shift !== this.#shift) this.#events.renumbered(this.#expected[0]!.offset, shift - this.#shift);
    this.#expected = rest.expected;
    window.keep(rest.actual);
    this.#shift = shift;
    this.#chain = null;
    this.#finishBlocks();
    // Within a block whose beginning differs nobody knows the chain; the next one begins with what was sealed.
    const next = this.#blocks[0]?.places[0];
    if (next !== undefined && next.offset !== this.#expected[0]?.offset) this.#chain = null;
  }

  /** Those of which nothing is left. */
  #finishBlocks(): void {
    const next = this.#expected[0]?.offset ?? Number.POSITIVE_INFINITY;
    const isKnown = this.#chain !== null;
    while (this.#blocks[0] !== undefined && this.#blocks[0].toOffset <= next) {
      if (!isKnown) this.#chain = null;
      this.#finishBlock();
    }
  }

  #finishBlock(): void {
    const block = this.#blocks.shift()!;
    if (this.#chain !== null && !this.#chain.equals(block.chain)) this.#events.chainDiffers(block);
    this.#chain = block.chain;
  }

  /** What lies between two checkpoints that do not follow each other was sealed by one that is gone: nobody knows how it was. */
  async #skipTo(offset: number): Promise<void> {
    await this.#compare(0);
    if (this.#window === null) return;
    const actual = await this.#window.below(offset + this.#shift);
    this.#window.keep(actual.filter((record) => record.offset >= offset + this.#shift));
  }
}
