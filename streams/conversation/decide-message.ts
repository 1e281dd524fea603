/**
 * A send: the same message again, a refusal, or the next seq.
 *
 * The order of the checks is part of the rules. A remembered id comes first, so that a retry gets its first verdict whatever has
 * changed since (design rule 1). Then what may not be remembered: a type that only the fold makes, an id that is no ULID, rules
 * that this build does not know, an id outside its window (design rule 3), a window that is full. Every refusal after these is
 * remembered.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { MessageSent } from '@parley/schemas/generated/events';
import { directConversationId, isUuid } from '@parley/schemas/identity/conversation-id';
import { isMessageId, messageIdTimeMs } from '@parley/schemas/identity/message-id';
import { bucketOfMessageId, placeRow } from './buckets.ts';
import { refusalOfTarget } from './decide-target.ts';
import { refusalOfMls } from './mls.ts';
import type { Accepted, Duplicate, Halted, Moment, Refused, Withheld } from './outcome.ts';
import { payloadHash } from './payload-hash.ts';
import type { RecentDecision } from './recent-decisions.ts';
import {
  currentRules,
  isContent,
  isCountable,
  isLongerThan,
  isSpeech,
  type Rules,
  recentWindowMs,
  rulesOf,
} from './rules.ts';
import { type ConversationState, exists } from './state.ts';

type MessageOutcome = Accepted | Withheld | Duplicate | Refused | Halted;

function refuse(sent: MessageSent, hash: Buffer, moment: Moment, code: ErrorCode, remembered: boolean): Refused {
  return { kind: 'refused', sent, code, remembered, payloadHash: hash, ...moment };
}

function remembered(state: ConversationState, messageId: string, atMs: number): RecentDecision | undefined {
  const decision = state.recent.find(messageId);
  return decision !== undefined && decision.atMs >= atMs - recentWindowMs ? decision : undefined;
}

function decideAgain(first: RecentDecision, sent: MessageSent, hash: Buffer, moment: Moment): Duplicate | Refused {
  if (!first.payloadHash.equals(hash)) return refuse(sent, hash, moment, 'conflict', false);
  if (first.refused !== null) return refuse(sent, hash, moment, first.refused, false);
  return { kind: 'duplicate', sent, seq: first.seq, ordinal: first.ordinal, firstAtMs: first.atMs, ...moment };
}

function isFull(state: ConversationState, atMs: number, rules: Rules): boolean {
  const { recent } = state;
  if (recent.size < rules.maxRecentDecisions) return false;
  return recent.prune(atMs - recentWindowMs).size >= rules.maxRecentDecisions;
}

function transientRefusal(state: ConversationState, messageId: string, atMs: number, rules: Rules): ErrorCode | null {
  if (Math.abs(messageIdTimeMs(messageId) - atMs) > rules.messageIdWindowMs) return 'out_of_window';
  return isFull(state, atMs, rules) ? 'conversation_busy' : null;
}

/** The first message makes a 1:1 conversation, so it must prove the id (design rule 5). */
function refusalOfFirst(state: ConversationState, sent: MessageSent): ErrorCode | null {
  const { sender_id, peer_id } = sent;
  if (peer_id === null || !isUuid(peer_id) || !isUuid(sender_id)) return 'conversation_mismatch';
  return directConversationId(sender_id, peer_id) === state.conversationId ? null : 'conversation_mismatch';
}

/** The peer of a member: the other one, or the member where the conversation is a note to self. */
function isPeer(state: ConversationState, userId: string, peerId: string): boolean {
  return state.members.has(peerId) && (peerId !== userId || state.members.size === 1);
}

function refusalOfSender(state: ConversationState, sent: MessageSent): ErrorCode | null {
  const direct = state.conversationType === 'one_on_one';
  if (state.blockers.has(sent.sender_id)) return 'blocked_by_you';
  // A peer says that the sender means a 1:1 conversation, which this id cannot be.
  if (!direct && sent.peer_id !== null) return 'conversation_mismatch';
  if (!exists(state)) return direct ? refusalOfFirst(state, sent) : 'conversation_unknown';
  const member = state.members.get(sent.sender_id);
  if (member === undefined) return 'not_a_member';
  if (sent.peer_id !== null && !isPeer(state, sent.sender_id, sent.peer_id)) return 'conversation_mismatch';
  // Reactions, deletions and commits of the encryption are everybody's, or a silent member could not even take back a word.
  if (state.whoMaySend === 'admins' && member.role !== 'admin' && isSpeech(sent.message_type)) return 'admins_only';
  return null;
}

/** Its key was made for the timer that the sender knew of; under another one it would be destroyed too early, or too late (rule 23). */
function refusalOfTimer({ timerSeconds }: ConversationState, sent: MessageSent): ErrorCode | null {
  return isContent(sent.message_type) && sent.timer_seconds !== timerSeconds ? 'timer_changed' : null;
}

function refusalOfSize(sent: MessageSent, rules: Rules): ErrorCode | null {
  if (sent.sealed_content !== null && sent.sealed_content.length > rules.maxSealedBytes) return 'body_too_large';
  if (sent.encrypted_body.length > rules.maxBodyBytes) return 'body_too_large';
  if (sent.preview !== null && isLongerThan(sent.preview, rules.maxPreviewChars)) return 'preview_too_long';
  return null;
}

function expiryOf(sent: MessageSent, atMs: number): number | null {
  return isContent(sent.message_type) && sent.timer_seconds > 0 ? atMs + sent.timer_seconds * 1_000 : null;
}

/** True if the other user has blocked the sender, who passed every check that others pass. */
function isWithheld({ blockers }: ConversationState, { sender_id }: MessageSent): boolean {
  return blockers.size > 0 && !blockers.has(sender_id);
}

/** Design rule 6: no seq, and a row in the sender's side partition. */
function withhold(state: ConversationState, sent: MessageSent, hash: Buffer, moment: Moment, rules: Rules): Withheld {
  const buckets = state.withheld.get(sent.sender_id) ?? [];
  const place = placeRow(buckets, bucketOfMessageId(sent.message_id), rules.maxRowsPerSubBucket);
  return {
    kind: 'withheld',
    sent,
    seq: 0,
    ordinal: 0,
    bucket: place.bucket,
    subBucket: place.subBucket,
    opensBucket: place.opens,
    creates: false,
    payloadHash: hash,
    expiresAtMs: expiryOf(sent, moment.atMs),
    ...moment,
  };
}

function accept(state: ConversationState, sent: MessageSent, hash: Buffer, moment: Moment, rules: Rules): Accepted {
  const place = placeRow(state.buckets, bucketOfMessageId(sent.message_id), rules.maxRowsPerSubBucket);
  return {
    kind: 'accepted',
    sent,
    seq: state.lastSeq + 1,
    ordinal: state.lastOrdinal + (isCountable(sent.message_type) ? 1 : 0),
    bucket: place.bucket,
    subBucket: place.subBucket,
    opensBucket: place.opens,
    creates: !exists(state),
    payloadHash: hash,
    expiresAtMs: expiryOf(sent, moment.atMs),
    atMs: moment.atMs,
    writeTimestampUs: moment.writeTimestampUs,
  };
}

/** Rules of the future stop the partition until a build that knows them is deployed; what never can be a version is refused. */
function withoutRules(sent: MessageSent, hash: Buffer, moment: Moment): Refused | Halted {
  if (sent.rules_version > currentRules.version) return { kind: 'halted', code: 'rules_unknown', ...moment };
  return refuse(sent, hash, moment, 'rules_unknown', false);
}

export function decideMessage(state: ConversationState, sent: MessageSent, moment: Moment): MessageOutcome {
  const hash = payloadHash(sent);
  const first = remembered(state, sent.message_id, moment.atMs);
  if (first !== undefined) return decideAgain(first, sent, hash, moment);
  if (sent.message_type === 'system') return refuse(sent, hash, moment, 'invalid_message_type', false);
  if (!isMessageId(sent.message_id)) return refuse(sent, hash, moment, 'invalid_message_id', false);
  const rules = rulesOf(sent.rules_version);
  if (rules === undefined) return withoutRules(sent, hash, moment);
  const transient = transientRefusal(state, sent.message_id, moment.atMs, rules);
  if (transient !== null) return refuse(sent, hash, moment, transient, false);
  const code =
    refusalOfSender(state, sent) ??
    refusalOfTimer(state, sent) ??
    (rules.mlsIsOrdered ? refusalOfMls(state, sent) : null) ??
    refusalOfSize(sent, rules) ??
    refusalOfTarget(state, sent, moment.atMs, rules);
  if (code !== null) return refuse(sent, hash, moment, code, true);
  if (isWithheld(state, sent)) return withhold(state, sent, hash, moment, rules);
  return accept(state, sent, hash, moment, rules);
}
