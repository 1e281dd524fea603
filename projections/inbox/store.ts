/** The conversation list of a user: one partition, one row a conversation, sorted by the reader. */
import type { ConversationType } from '@parley/schemas/generated/state';
import type { InboxRow } from '@parley/streams/conversation/rows';

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
  /** In order of conversation id, after the given one. Rows that only markRead has touched are left out. */
  list(
    userId: string,
    options: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly InboxEntry[]>;
  get(userId: string, conversationId: string): Promise<InboxEntry | null>;
}

/** Countable messages by others since what the user has read or answered (both columns may run ahead of each other). */
export function unreadCount(entry: InboxEntry): number {
  return Math.max(0, entry.lastOrdinal - Math.max(entry.readOrdinal, entry.ownOrdinal));
}
