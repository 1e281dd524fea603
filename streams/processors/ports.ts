/** What the processors need from the rest of the system. The folders of projections/ implement these. */
import type { PersonalMarkKind, Platform, ReceiptKind } from '@parley/schemas/generated/events';
import type { InboxEntry } from '@parley/schemas/generated/wire';
import type { ConversationRows, MessageRow } from '../conversation/rows.ts';

/** A snapshot of the fold and the offset that it includes. */
export interface SavedState {
  readonly conversationId: string;
  /** Encoded ConversationSnapshot. */
  readonly snapshot: Buffer;
  /** Offset of the last record applied; an event at or below it is not decided again (design rule 10). */
  readonly offset: number;
  readonly writeTimestampUs: number;
}

export interface FoldStateStore {
  /** In the order asked; null where there is none. */
  load(conversationIds: readonly string[]): Promise<ReadonlyArray<SavedState | null>>;
  /** The greater write timestamp wins, whoever writes last. */
  save(states: readonly SavedState[]): Promise<void>;
}

export interface ConversationProjector {
  /** Members and conversations before messages before inbox rows; idempotent. */
  project(rows: ConversationRows): Promise<void>;
}

export interface MessageLookup {
  find(conversationId: string, messageId: string): Promise<MessageRow | null>;
}

export interface ReceiptRow {
  readonly conversationId: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly kind: ReceiptKind;
  readonly seq: number;
  readonly ordinal: number;
  readonly atMs: number;
}

/** What a user keeps about a conversation for themselves: of each kind the greatest version stands. */
export interface PersonalMark {
  readonly conversationId: string;
  readonly userId: string;
  readonly kind: Exclude<PersonalMarkKind, 'other'>;
  readonly value: number;
  /** Of `cleared` and `read`: countable messages up to `value`. */
  readonly ordinal: number;
  readonly version: number;
}

export interface ReceiptProjector {
  /** Watermarks merge by maximum; each advance keeps its time; `read` and marks also advance the inbox row's columns. */
  project(rows: readonly ReceiptRow[], marks: readonly PersonalMark[]): Promise<void>;
}

/** A user's entry of a conversation, as projected; null if there is none. */
export interface InboxLookup {
  entryOf(userId: string, conversationId: string): Promise<InboxEntry | null>;
}

/** Current members of a conversation, as projected. */
export interface MemberLookup {
  currentMembers(conversationId: string): Promise<readonly string[]>;
  /** The same, with the first seq that each of them sees. */
  currentJoins(conversationId: string): Promise<ReadonlyMap<string, number>>;
}

export interface DeviceRef {
  readonly deviceId: string;
  readonly platform: Platform;
}

export interface DeviceDirectory {
  /** The devices of each user, in the order asked. May be a minute old. */
  devicesOf(userIds: readonly string[]): Promise<ReadonlyArray<readonly DeviceRef[]>>;
}
