/** Outcomes as rows: what the conversation processor asks the projections to hold. Projections import these shapes. */
import type { MemberRole, MessageType, MlsHeader } from '@parley/schemas/generated/events';
import type { ConversationType } from '@parley/schemas/generated/state';
import type { SystemChange } from '@parley/schemas/generated/wire';
import type { BucketRef } from './state.ts';

/** One membership interval [joinedSeq, leftSeq). Key: conversation, user, joinedSeq. */
export interface MemberRow {
  readonly conversationId: string;
  readonly userId: string;
  readonly joinedSeq: number;
  readonly leftSeq: number | null;
  readonly role: MemberRole;
  readonly writeTimestampUs: number;
}

/** What a reader must know of a conversation before its rows. Key: conversation. */
export interface ConversationRow {
  readonly conversationId: string;
  readonly conversationType: ConversationType;
  /** Non-empty buckets, in order. `rows` is not kept current here: only that the bucket is there. */
  readonly buckets: readonly BucketRef[];
  readonly writeTimestampUs: number;
}

/** One accepted message, or a system message. Key: (conversation, bucket, sub-bucket), message id. Written once, never changed. */
export interface MessageRow {
  readonly conversationId: string;
  readonly bucket: number;
  readonly subBucket: number;
  readonly messageId: string;
  readonly seq: number;
  readonly ordinal: number;
  readonly senderId: string;
  readonly senderDeviceId: string;
  readonly messageType: MessageType;
  readonly encryptedBody: Buffer;
  readonly preview: string | null;
  readonly mediaUrl: string | null;
  readonly thumbnailUrl: string | null;
  readonly replyTo: string | null;
  readonly targetId: string | null;
  /** What a message of type `system` tells; its sender is who did it, its device nobody's. */
  readonly system: SystemChange | null;
  /** Of a message of type `mls`; since version 3 of the rules all of them have one. */
  readonly mls: MlsHeader | null;
  /** T. */
  readonly atMs: number;
  /** Nobody is shown it from then on; null for never. */
  readonly expiresAtMs: number | null;
  readonly payloadHash: Buffer;
  readonly writeTimestampUs: number;
}

/**
 * Columns of a member's inbox row that chat.messages owns; an absent one is not written. Key: user, conversation.
 * The receipts processor owns readSeq and readOrdinal of the same row (design rule 8).
 */
export interface InboxRow {
  readonly userId: string;
  readonly conversationId: string;
  readonly writeTimestampUs: number;
  readonly conversationType: ConversationType;
  /** 1:1 only. */
  readonly otherUserId: string | null;
  readonly lastSeq: number;
  readonly lastOrdinal: number;
  /** Of the last countable message; a preview that disappears does so at `expiresAtMs`. */
  readonly lastMessage?: LastMessage;
  /** Ordinal at the last message that this user sent: what came before counts as read. */
  readonly ownOrdinal?: number;
  /** Set when the member left: null again after rejoining. */
  readonly leftSeq?: number | null;
}

export interface LastMessage {
  readonly preview: string | null;
  readonly atMs: number;
  /** Absent for a preview that stays. */
  readonly expiresAtMs?: number;
}

/** Everything that one batch of one partition projects, in the order in which it must be written (design rule 9). */
export interface ConversationRows {
  readonly members: readonly MemberRow[];
  readonly conversations: readonly ConversationRow[];
  readonly messages: readonly MessageRow[];
  readonly inbox: readonly InboxRow[];
}
