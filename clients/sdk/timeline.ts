/**
 * One conversation as this device has it: a cursor without gaps, and a bounded buffer of live messages above it.
 *
 * seq has no gaps, so a message at cursor + 1 may be applied at once, and one further up shows that something is missing. It waits
 * in the buffer while the client fetches; beyond the bound it is dropped, for the fetch reads it again (design rule 13). A page
 * states the range that it covers: a seq that is absent inside it is final, and the cursor moves over it.
 *
 * Pure bookkeeping: it says what to apply and what to fetch, and does neither.
 */
import type { PageFrame, WireMessage } from '@parley/schemas/generated/wire';
import type { Cursor } from './stores.ts';

export interface Progress {
  /** In order of seq, each once. */
  readonly apply: readonly WireMessage[];
  readonly cursor: Cursor;
}

export class Timeline {
  readonly conversationId: string;
  readonly #maxBuffered: number;
  readonly #buffer = new Map<number, WireMessage>();
  #seq: number;
  #atMs: number;
  /** The highest seq that the server is known to have. */
  #knownSeq: number;

  constructor(cursor: Cursor, maxBuffered: number) {
    this.conversationId = cursor.conversationId;
    this.#maxBuffered = maxBuffered;
    this.#seq = cursor.seq;
    this.#atMs = cursor.atMs;
    this.#knownSeq = cursor.seq;
  }

  get cursor(): Cursor {
    return { conversationId: this.conversationId, seq: this.#seq, atMs: this.#atMs };
  }

  get knownSeq(): number {
    return this.#knownSeq;
  }

  /** True if the server has something that this device lacks. */
  get behind(): boolean {
    return this.#knownSeq > this.#seq;
  }

  /** The inbox, or a frame, told that the conversation reaches this far. */
  learn(lastSeq: number): void {
    this.#knownSeq = Math.max(this.#knownSeq, lastSeq);
  }

  /** A live message, or the verdict of an own one. */
  live(message: WireMessage): Progress {
    this.learn(message.seq);
    if (message.seq > this.#seq && this.#buffer.size < this.#maxBuffered) this.#buffer.set(message.seq, message);
    return this.#drain([]);
  }

  /** The answer to a fetch from this cursor (or an older one). A page that does not reach the cursor changes nothing. */
  page(page: PageFrame): Progress {
    const apply: WireMessage[] = [];
    this.learn(page.last_seq);
    if (page.covered_from <= this.#seq + 1 && page.covered_to > this.#seq) {
      for (const message of page.messages) {
        if (message.seq > this.#seq && message.seq <= page.covered_to) apply.push(message);
      }
      this.#seq = page.covered_to;
      this.#atMs = Math.max(this.#atMs, page.covered_to_at_ms);
      this.learn(this.#seq);
      for (const seq of this.#buffer.keys()) if (seq <= this.#seq) this.#buffer.delete(seq);
    }
    return this.#drain(apply);
  }

  #drain(apply: WireMessage[]): Progress {
    for (;;) {
      const next = this.#buffer.get(this.#seq + 1);
      if (next === undefined) return { apply, cursor: this.cursor };
      this.#buffer.delete(next.seq);
      apply.push(next);
      this.#seq = next.seq;
      this.#atMs = Math.max(this.#atMs, next.at_ms);
    }
  }
}
