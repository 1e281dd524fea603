/** The conversation list of a user: one partition, one row a conversation, sorted by the reader. */
import type { ConversationType } from '@parley/schemas/generated/state';
import type { InboxRow } from '@parley/streams/conversation/rows';
import type { PersonalMark } from '@parley/streams/processors/ports';

/** What a user may set and take back: of each kind the greatest version stands, and the greater value of two with the same. */
export type FlagKind = 'pinned' | 'archived' | 'muted' | 'unread';

export const flagKinds: readonly FlagKind[] = ['pinned', 'archived', 'muted', 'unread'];

export interface Flag {
  readonly value: number;
  readonly version: number;
}

/** As stored. Columns of chat.messages and of chat.receipts are written with timestamps of their own. */
export interface InboxEntry {
  readonly conversationId: string;
  readonly conversationType: ConversationType;
  readonly otherUserId: string | null;
  readonly lastMessagePreview: string | null;
  readonly lastMessageAtMs: number | null;
  readonly lastSeq: number;
  readonly lastOrdinal: number;
  readonly ownOrdinal: number;
  readonly leftSeq: number | null;
  readonly readSeq: number;
  readonly readOrdinal: number;
  /** Everything up to here is hidden from this user; 0: nothing. */
  readonly clearedSeq: number;
  readonly clearedOrdinal: number;
  /** Those that were ever set. */
  readonly flags: Readonly<Partial<Record<FlagKind, Flag>>>;
}

/** The receipts processor's columns: written with seq as the timestamp, so the last write is the maximum. */
export interface ReadMark {
  readonly userId: string;
  readonly conversationId: string;
  readonly readSeq: number;
  readonly readOrdinal: number;
}

export interface InboxStore {
  write(rows: readonly InboxRow[]): Promise<void>;
  markRead(marks: readonly ReadMark[]): Promise<void>;
  /** In whatever order: `cleared` and `read` merge by maximum, of the others the greatest version stays. */
  mark(marks: readonly PersonalMark[]): Promise<void>;
  /** In order of conversation id, after the given one. Rows that only markRead has touched are left out. */
  list(
    userId: string,
    options: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly InboxEntry[]>;
  get(userId: string, conversationId: string): Promise<InboxEntry | null>;
}

/** Countable messages up to the last one that the user has read, answered or cleared (the columns may run ahead of each other). */
export function seenOrdinal({ readOrdinal, ownOrdinal, clearedOrdinal }: InboxEntry): number {
  return Math.max(readOrdinal, ownOrdinal, clearedOrdinal);
}

/** Countable messages by others since what the user has seen. */
export function unreadCount(entry: InboxEntry): number {
  return Math.max(0, entry.lastOrdinal - seenOrdinal(entry));
}

/** The last countable message, unless the user has cleared it (a clear of everything covers its ordinal). */
export function shownMessage<T>(
  lastMessage: T,
  { lastOrdinal, clearedSeq, clearedOrdinal }: Pick<InboxEntry, 'lastOrdinal' | 'clearedSeq' | 'clearedOrdinal'>,
): T | null {
  return clearedSeq > 0 && clearedOrdinal >= lastOrdinal ? null : lastMessage;
}

/** The entry as it is once the mark is projected. */
export function withMark(entry: InboxEntry, { kind, value, ordinal, version }: PersonalMark): InboxEntry {
  if (kind === 'read') {
    return value <= entry.readSeq ? entry : { ...entry, readSeq: value, readOrdinal: ordinal };
  }
  if (kind === 'cleared') {
    if (value <= entry.clearedSeq) return entry;
    const cleared = { ...entry, clearedSeq: value, clearedOrdinal: ordinal };
    const shown = shownMessage({ preview: entry.lastMessagePreview, atMs: entry.lastMessageAtMs }, cleared);
    return { ...cleared, lastMessagePreview: shown?.preview ?? null, lastMessageAtMs: shown?.atMs ?? null };
  }
  return { ...entry, flags: { ...entry.flags, [kind]: { value, version } } };
}
