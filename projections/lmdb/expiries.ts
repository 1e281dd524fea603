/**
 * What disappears from an embedded environment, by the time at which it does: LMDB has no TTL, so an index says what is due.
 *
 * Readers hide what is over by their clock, to the millisecond; the sweep takes the bytes away, some rows with every transaction
 * that projects and some whenever a timer says so.
 */
import type { RowDatabase } from './env.ts';
import { RowWriter } from './row-bytes.ts';

/** Whose row it is. */
export type ExpiringKind = 'message' | 'preview';

const kinds: readonly ExpiringKind[] = ['message', 'preview'];
const timeBytes = 8;
const nothing = Buffer.alloc(0);

const prefixOf = (atMs: number): Buffer => new RowWriter().ordered(atMs).copy();

export class Expiries {
  readonly #rows: RowDatabase;

  constructor(rows: RowDatabase) {
    this.#rows = rows;
  }

  /** Inside a transaction. */
  add(atMs: number, kind: ExpiringKind, key: Buffer): void {
    const entry = Buffer.concat([prefixOf(atMs), Buffer.from([kinds.indexOf(kind)]), key]);
    this.#rows.putSync(entry, nothing);
  }

  /** Inside a transaction: hands over at most so many keys whose time has come, and forgets them. Resolves to how many. */
  takeDue(nowMs: number, limit: number, remove: (kind: ExpiringKind, key: Buffer) => void): number {
    const due: Buffer[] = [];
    for (const entry of this.#rows.getKeys({ end: prefixOf(nowMs + 1), limit })) due.push(Buffer.from(entry));
    for (const entry of due) {
      remove(kinds[entry[timeBytes]!]!, entry.subarray(timeBytes + 1));
      this.#rows.removeSync(entry);
    }
    return due.length;
  }
}
