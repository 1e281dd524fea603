/** Membership intervals and non-empty buckets of a conversation: the row by which every read is authorised (design rule 9). */
import type { ConversationType, MemberRole } from '@parley/schemas/generated/state';
import type { ConversationRow, MemberRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';

export interface MembershipInterval {
  readonly joinedSeq: number;
  readonly leftSeq: number | null;
  readonly role: MemberRole;
}

/** One partition read. */
export interface ConversationView {
  readonly conversationId: string;
  readonly conversationType: ConversationType;
  readonly buckets: readonly BucketRef[];
  /** Every interval of every user who ever was a member, by user id, in order of joinedSeq. */
  readonly intervals: ReadonlyMap<string, readonly MembershipInterval[]>;
}

export interface MemberStore {
  write(members: readonly MemberRow[], conversations: readonly ConversationRow[]): Promise<void>;
  /** Null if the conversation does not exist (yet). */
  view(conversationId: string): Promise<ConversationView | null>;
  /** One user's intervals, in order of joinedSeq; empty for one who never was a member. */
  intervalsOf(conversationId: string, userId: string): Promise<readonly MembershipInterval[]>;
}

/** True if a member with these intervals may see seq. */
export function maySee(intervals: readonly MembershipInterval[] | undefined, seq: number): boolean {
  return intervals?.some((one) => one.joinedSeq <= seq && (one.leftSeq === null || seq < one.leftSeq)) ?? false;
}

/** True if one of the intervals is open. */
export function isCurrentMember(intervals: readonly MembershipInterval[] | undefined): boolean {
  return intervals?.some((one) => one.leftSeq === null) ?? false;
}
