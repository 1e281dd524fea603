/** Conversation lists in LMDB: key user, conversation; a write reads the row, merges what it brings, and puts it back. */
import type { Clock } from '@parley/schemas/environment/clock';
import type { InboxRow } from '@parley/streams/conversation/rows';
import type { PersonalMark } from '@parley/streams/processors/ports';
import type { ProjectionEnv, RowDatabase } from '../lmdb/env.ts';
import { Expiries } from '../lmdb/expiries.ts';
import { endOfPrefix, RowReader, RowWriter } from '../lmdb/row-bytes.ts';
import { uuidBytes } from '../lmdb/uuid-bytes.ts';
import type { StoreWrites } from '../store-writes.ts';
import {
  emptyEntry,
  hasFaded,
  mergeMark,
  mergePersonal,
  mergeRow,
  readEntry,
  toInboxEntry,
  writeEntry,
} from './entry-bytes.ts';
import type { InboxEntry, InboxStore, ReadMark } from './store.ts';
import { withoutSuperseded } from './superseded.ts';

export class LmdbInboxStore implements InboxStore {
  readonly #env: ProjectionEnv;
  readonly #rows: RowDatabase;
  readonly #writes: StoreWrites;
  readonly #clock: Clock;
  readonly #expiries: Expiries;
  readonly #key = new RowWriter();
  readonly #value = new RowWriter();

  constructor(env: ProjectionEnv, writes: StoreWrites, clock: Clock) {
    this.#env = env;
    this.#clock = clock;
    this.#expiries = new Expiries(env.database('expiries'));
    this.#rows = env.database('inbox');
    this.#writes = writes;
  }

  write(rows: readonly InboxRow[]): Promise<void> {
    return this.#env.write(() => this.apply(rows));
  }

  markRead(marks: readonly ReadMark[]): Promise<void> {
    return this.#env.write(() => this.applyMarks(marks));
  }

  mark(marks: readonly PersonalMark[]): Promise<void> {
    return this.#env.write(() => this.applyPersonal(marks));
  }

  /** The write itself, for a transaction that is open. */
  apply(rows: readonly InboxRow[]): void {
    const needed = withoutSuperseded(rows);
    for (const row of needed) {
      const key = this.#key.start().uuid(row.userId).uuid(row.conversationId).bytes();
      const stored = this.#rows.getBinaryFast(key);
      const entry = stored === undefined ? emptyEntry() : readEntry(stored);
      if (!mergeRow(entry, row)) continue;
      this.#rows.putSync(key, writeEntry(this.#value, entry));
      const fadesAtMs = row.lastMessage?.expiresAtMs;
      if (fadesAtMs !== undefined) this.#expiries.add(fadesAtMs, 'preview', key);
    }
    this.#writes.add('inbox', needed.length);
  }

  /** Inside a transaction: takes the bytes of a preview away, unless a later message has put another one there. */
  fade(key: Buffer, nowMs: number): void {
    const stored = this.#rows.getBinaryFast(key);
    if (stored === undefined) return;
    const entry = readEntry(stored);
    if (!hasFaded(entry, nowMs)) return;
    entry.lastMessagePreview = null;
    entry.previewExpiresAtMs = 0;
    this.#rows.putSync(key, writeEntry(this.#value, entry));
  }

  /** The write itself, for a transaction that is open. */
  applyMarks(marks: readonly ReadMark[]): void {
    for (const mark of marks) {
      const key = this.#key.start().uuid(mark.userId).uuid(mark.conversationId).bytes();
      const stored = this.#rows.getBinaryFast(key);
      const entry = stored === undefined ? emptyEntry() : readEntry(stored);
      if (mergeMark(entry, mark)) this.#rows.putSync(key, writeEntry(this.#value, entry));
    }
    this.#writes.add('inbox', marks.length);
  }

  /** The write itself, for a transaction that is open. */
  applyPersonal(marks: readonly PersonalMark[]): void {
    for (const mark of marks) {
      const key = this.#key.start().uuid(mark.userId).uuid(mark.conversationId).bytes();
      const stored = this.#rows.getBinaryFast(key);
      const entry = stored === undefined ? emptyEntry() : readEntry(stored);
      if (mergePersonal(entry, mark)) this.#rows.putSync(key, writeEntry(this.#value, entry));
    }
    this.#writes.add('inbox', marks.length);
  }

  async list(
    userId: string,
    options: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly InboxEntry[]> {
    const user = new RowWriter().uuid(userId).copy();
    const start = options.after === null ? user : new RowWriter().uuid(userId).uuid(options.after).copy();
    const nowMs = this.#clock.nowMs();
    const entries: InboxEntry[] = [];
    for (const { key, value } of this.#rows.getRange({ start, end: endOfPrefix(user), exclusiveStart: true })) {
      const entry = toInboxEntry(new RowReader(key, uuidBytes).uuid(), readEntry(value), nowMs);
      if (entry === null) continue;
      entries.push(entry);
      if (entries.length >= options.limit) break;
    }
    return entries;
  }

  async get(userId: string, conversationId: string): Promise<InboxEntry | null> {
    const stored = this.#rows.getBinaryFast(new RowWriter().uuid(userId).uuid(conversationId).bytes());
    return stored === undefined ? null : toInboxEntry(conversationId, readEntry(stored), this.#clock.nowMs());
  }
}
