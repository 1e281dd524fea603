/**
 * The ids that a conversation decided in the last 120 s of T, in the order in which they were decided.
 *
 * Immutable: adding and pruning give a new value that shares the old one's sealed chunks, so that a step of the fold copies at
 * most one chunk however many ids the window holds. What a value holds never depends on how it was cut into chunks.
 *
 * A sealed chunk carries an index by id; the open one at the end is short and is searched entry by entry. T never falls, so
 * pruning drops a prefix: whole chunks, then a count of entries of the first one that are no longer there.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';

export interface RecentDecision {
  readonly messageId: string;
  /** T of the decision. */
  readonly atMs: number;
  /** 0 if refused. */
  readonly seq: number;
  readonly ordinal: number;
  readonly refused: ErrorCode | null;
  readonly payloadHash: Buffer;
}

export interface RecentDecisions {
  readonly size: number;
  find(messageId: string): RecentDecision | undefined;
  add(decision: RecentDecision): RecentDecisions;
  /** Without decisions whose T is before the time. */
  prune(beforeMs: number): RecentDecisions;
  [Symbol.iterator](): Iterator<RecentDecision>;
}

const chunkEntries = 64;

interface SealedChunk {
  readonly entries: readonly RecentDecision[];
  readonly index: ReadonlyMap<string, number>;
}

function seal(entries: readonly RecentDecision[]): SealedChunk {
  const index = new Map<string, number>();
  for (let at = 0; at < entries.length; at++) index.set(entries[at]!.messageId, at);
  return { entries, index };
}

/** How many entries at the front are before the time, from `from` on. */
function countBefore(entries: readonly RecentDecision[], from: number, beforeMs: number): number {
  let at = from;
  while (at < entries.length && entries[at]!.atMs < beforeMs) at++;
  return at;
}

class ChunkedDecisions implements RecentDecisions {
  readonly #sealed: readonly SealedChunk[];
  /** Entries of the first sealed chunk (of the open one, if none is sealed) that were pruned. */
  readonly #skipped: number;
  readonly #open: readonly RecentDecision[];
  readonly size: number;

  constructor(sealed: readonly SealedChunk[], skipped: number, open: readonly RecentDecision[], size: number) {
    this.#sealed = sealed;
    this.#skipped = skipped;
    this.#open = open;
    this.size = size;
  }

  find(messageId: string): RecentDecision | undefined {
    const firstOpen = this.#sealed.length === 0 ? this.#skipped : 0;
    for (let at = this.#open.length - 1; at >= firstOpen; at--) {
      if (this.#open[at]!.messageId === messageId) return this.#open[at];
    }
    for (let chunk = this.#sealed.length - 1; chunk >= 0; chunk--) {
      const { entries, index } = this.#sealed[chunk]!;
      const at = index.get(messageId);
      if (at !== undefined && (chunk > 0 || at >= this.#skipped)) return entries[at];
    }
    return undefined;
  }

  add(decision: RecentDecision): RecentDecisions {
    if (this.#open.length < chunkEntries) {
      return new ChunkedDecisions(this.#sealed, this.#skipped, [...this.#open, decision], this.size + 1);
    }
    return new ChunkedDecisions([...this.#sealed, seal(this.#open)], this.#skipped, [decision], this.size + 1);
  }

  prune(beforeMs: number): RecentDecisions {
    let chunk = 0;
    let skipped = this.#skipped;
    let dropped = 0;
    for (; chunk < this.#sealed.length; chunk++) {
      const { entries } = this.#sealed[chunk]!;
      const kept = countBefore(entries, skipped, beforeMs);
      dropped += kept - skipped;
      skipped = kept;
      if (kept < entries.length) break;
      skipped = 0;
    }
    const allSealedGone = chunk === this.#sealed.length;
    if (allSealedGone) {
      const kept = countBefore(this.#open, skipped, beforeMs);
      dropped += kept - skipped;
      skipped = kept;
    }
    if (dropped === 0) return this;
    if (dropped === this.size) return noDecisions;
    const sealed = chunk === 0 ? this.#sealed : this.#sealed.slice(chunk);
    return new ChunkedDecisions(sealed, skipped, this.#open, this.size - dropped);
  }

  *[Symbol.iterator](): Iterator<RecentDecision> {
    let from = this.#skipped;
    for (const { entries } of this.#sealed) {
      for (let at = from; at < entries.length; at++) yield entries[at]!;
      from = 0;
    }
    for (let at = from; at < this.#open.length; at++) yield this.#open[at]!;
  }
}

/** Before the first decision. */
export const noDecisions: RecentDecisions = new ChunkedDecisions([], 0, [], 0);

/** The value that adding the decisions one after another would give. */
export function decisionsOf(decisions: readonly RecentDecision[]): RecentDecisions {
  const sealed: SealedChunk[] = [];
  let from = 0;
  // The last chunk stays open even when full, as `add` leaves it.
  for (; decisions.length - from > chunkEntries; from += chunkEntries) {
    sealed.push(seal(decisions.slice(from, from + chunkEntries)));
  }
  return new ChunkedDecisions(sealed, 0, decisions.slice(from), decisions.length);
}
