/** The state of one conversation: what its events so far mean, and all that `decide` may look at. */
import type { ConversationType, MemberRole, WhoMay } from '@parley/schemas/generated/state';
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import { type MlsState, noMls } from './mls.ts';
import { noDecisions, type RecentDecisions } from './recent-decisions.ts';

export interface Member {
  readonly role: MemberRole;
  /** First seq that the member may see. */
  readonly joinedSeq: number;
}

/** A non-empty bucket of message rows: 10 days of ULID time, and a sub-bucket after 100,000 rows. */
export interface BucketRef {
  readonly bucket: number;
  readonly subBucket: number;
  readonly rows: number;
}

export interface ConversationState {
  readonly conversationId: string;
  readonly conversationType: ConversationType;
  /** T of the last event: the maximum of receive times so far (design rule 2). 0 before the first. */
  readonly lastAtMs: number;
  /** seq of the last accepted message; 0 before the first. */
  readonly lastSeq: number;
  /** Countable messages (those that raise `unread`) so far. */
  readonly lastOrdinal: number;
  /** Write timestamp of the last event, in microseconds (design rule 8). */
  readonly writeTimestampUs: number;
  /** Version of the last directory event applied; 0 before the first. */
  readonly directoryVersion: number;
  /** Current members by user id. A conversation that does not exist yet has none. */
  readonly members: ReadonlyMap<string, Member>;
  /** Groups only: that of a 1:1 conversation never changes. */
  readonly whoMaySend: WhoMay;
  /** What is said from now on disappears after so long; 0 for never. */
  readonly timerSeconds: number;
  readonly mls: MlsState;
  /** 1:1: those of its two users who have blocked the other (design rule 6). */
  readonly blockers: ReadonlySet<string>;
  /** By sender, the non-empty buckets of what was withheld of theirs. */
  readonly withheld: ReadonlyMap<string, readonly BucketRef[]>;
  readonly buckets: readonly BucketRef[];
  /** Ids decided in the last 120 s of T. */
  readonly recent: RecentDecisions;
}

/** Before the first event. Which type a conversation has is written in its id (design rule 5). */
export function initialState(conversationId: string): ConversationState {
  return {
    conversationId,
    conversationType: isDirectConversationId(conversationId) ? 'one_on_one' : 'group',
    lastAtMs: 0,
    lastSeq: 0,
    lastOrdinal: 0,
    writeTimestampUs: 0,
    directoryVersion: 0,
    members: new Map(),
    whoMaySend: 'everyone',
    timerSeconds: 0,
    mls: noMls,
    blockers: new Set(),
    withheld: new Map(),
    buckets: [],
    recent: noDecisions,
  };
}

/**
 * False while only refused sends are known of it: its first accepted message, or its creation, makes a conversation. A block may
 * come before the first message of a 1:1 conversation, and does not make it.
 */
export function exists(state: ConversationState): boolean {
  if (state.conversationType === 'one_on_one') return state.members.size > 0;
  return state.lastSeq > 0 || state.directoryVersion > 0;
}
