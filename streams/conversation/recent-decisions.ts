/**
 * The ids that a conversation decided in the last 120 s of T, in the order in which they were decided.
 *
 * Immutable: adding and pruning give a new value that shares the old one's chunks, so that a step of the fold copies at most one
 * chunk however many ids the window holds. What a value holds never depends on how it was cut into chunks.
 *
 * Chunks only ever grow, and a value sees of its last chunk as many entries as there were when it was made. So the newest value
 * adds to the chunk in place, unseen by the older ones; adding to an older value a second time copies what that value sees of
 * the chunk. T never falls, so pruning drops a prefix: whole chunks, then a count of entries of the first that are no longer there.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import { maxEncodedBytes, readDecision, readDecisionAtMs, writeDecision } from './recent-encoding.ts';

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
  /** The entries one after another, as a snapshot holds them. */
  encoded(): Buffer[];
}

const maxChunkEntries = 256;

/** A chunk starts with room for two entries and doubles. */
const initialChunkBytes = 128;

/** Encoded entries and where each id stands. Append only. */
class Chunk {
  readonly #index = new Map<string, number>();
  /** Where each entry ends. */
  readonly #ends: number[] = [];
  // Of its own, not out of the pool: it lives long.
  #bytes = Buffer.allocUnsafeSlow(initialChunkBytes);

  get length(): number {
    return this.#ends.length;
  }

  #startOf(at: number): number {
    return at === 0 ? 0 : this.#ends[at - 1]!;
  }

  /** Where the id stands among the first entries; -1 if it does not. */
  indexOf(messageId: string, length: number): number {
    const at = this.#index.get(messageId);
    return at !== undefined && at < length ? at : -1;
  }

  entry(at: number): RecentDecision {
    return readDecision(this.#bytes, this.#startOf(at));
  }

  atMs(at: number): number {
    return readDecisionAtMs(this.#bytes, this.#startOf(at));
  }

  append(decision: RecentDecision): void {
    const from = this.#startOf(this.length);
    const room = from + maxEncodedBytes(decision);
    if (room > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(room, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, from);
      this.#bytes = larger;
    }
    this.#index.set(decision.messageId, this.length);
    this.#ends.push(writeDecision(this.#bytes, from, decision));
  }

  /** A chunk of its own with the first entries of this one. */
  copy(length: number): Chunk {
    const copied = new Chunk();
    for (let at = 0; at < length; at++) copied.append(this.entry(at));
    return copied;
  }

  /** The bytes of entries [from, to). */
  encoded(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#startOf(from), this.#startOf(to));
  }
}

class ChunkedDecisions implements RecentDecisions {
  readonly #chunks: readonly Chunk[];
  /** Entries of the first chunk that were pruned. */
  readonly #skipped: number;
  /** Entries of the last chunk that this value sees; of the others it sees all. */
  readonly #lastLength: number;
  readonly size: number;

  constructor(chunks: readonly Chunk[], skipped: number, lastLength: number, size: number) {
    this.#chunks = chunks;
    this.#skipped = skipped;
    this.#lastLength = lastLength;
    this.size = size;
  }

  #lengthOf(chunk: number): number {
    return chunk === this.#chunks.length - 1 ? this.#lastLength : this.#chunks[chunk]!.length;
  }

  find(messageId: string): RecentDecision | undefined {
    for (let chunk = this.#chunks.length - 1; chunk >= 0; chunk--) {
      const one = this.#chunks[chunk]!;
      const at = one.indexOf(messageId, this.#lengthOf(chunk));
      if (at >= 0 && (chunk > 0 || at >= this.#skipped)) return one.entry(at);
    }
    return undefined;
  }

  add(decision: RecentDecision): RecentDecisions {
    const last = this.#chunks.at(-1);
    // An id that the chunk holds already would take the older entry's place in the index.
    if (
      last === undefined ||
      this.#lastLength >= maxChunkEntries ||
      last.indexOf(decision.messageId, this.#lastLength) >= 0
    ) {
      const fresh = new Chunk();
      fresh.append(decision);
      return new ChunkedDecisions([...this.#chunks, fresh], this.#skipped, 1, this.size + 1);
    }
    const newest = last.length === this.#lastLength;
    const grown = newest ? last : last.copy(this.#lastLength);
    grown.append(decision);
    const chunks = newest ? this.#chunks : this.#chunks.with(-1, grown);
    return new ChunkedDecisions(chunks, this.#skipped, this.#lastLength + 1, this.size + 1);
  }

  prune(beforeMs: number): RecentDecisions {
    let skipped = this.#skipped;
    let dropped = 0;
    for (let chunk = 0; chunk < this.#chunks.length; chunk++) {
      const one = this.#chunks[chunk]!;
      const length = this.#lengthOf(chunk);
      let at = skipped;
      while (at < length && one.atMs(at) < beforeMs) at++;
      dropped += at - skipped;
      if (at < length) return this.#without(chunk, at, dropped);
      skipped = 0;
    }
    return noDecisions;
  }

  #without(chunks: number, skipped: number, dropped: number): RecentDecisions {
    if (dropped === 0) return this;
    const kept = chunks === 0 ? this.#chunks : this.#chunks.slice(chunks);
    return new ChunkedDecisions(kept, skipped, this.#lastLength, this.size - dropped);
  }

  *[Symbol.iterator](): Iterator<RecentDecision> {
    for (let chunk = 0; chunk < this.#chunks.length; chunk++) {
      const length = this.#lengthOf(chunk);
      for (let at = chunk === 0 ? this.#skipped : 0; at < length; at++) yield this.#chunks[chunk]!.entry(at);
    }
  }

  encoded(): Buffer[] {
    return this.#chunks.map((one, chunk) => one.encoded(chunk === 0 ? this.#skipped : 0, this.#lengthOf(chunk)));
  }
}

/** Before the first decision. */
export const noDecisions: RecentDecisions = new ChunkedDecisions([], 0, 0, 0);

/** The value that adding the decisions one after another gives. */
export function decisionsOf(decisions: Iterable<RecentDecision>): RecentDecisions {
  let recent = noDecisions;
  for (const decision of decisions) recent = recent.add(decision);
  return recent;
}
