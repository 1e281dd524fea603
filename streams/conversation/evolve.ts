/** `evolve(state, outcome) → state`: the conversation after what was decided. Pure: neither argument is changed. */
import { type BucketPlace, withRow } from './buckets.ts';
import { afterMessage, type MlsState } from './mls.ts';
import type { Accepted, DirectoryChanged, Outcome, SystemMessage, Withheld } from './outcome.ts';
import type { RecentDecision } from './recent-decisions.ts';
import { recentWindowMs } from './rules.ts';
import type { BucketRef, ConversationState, Member } from './state.ts';

/** Both users of a 1:1 conversation see it from its first message on; a note to self has one. */
function firstMembers({ sent, seq }: Accepted): ReadonlyMap<string, Member> {
  const member: Member = { role: 'member', joinedSeq: seq };
  const members = new Map([[sent.sender_id, member]]);
  if (sent.peer_id !== null) members.set(sent.peer_id, member);
  return members;
}

function changedMembers(members: ReadonlyMap<string, Member>, { changes }: DirectoryChanged) {
  if (changes.length === 0) return members;
  const changed = new Map(members);
  for (const { userId, role, joinedSeq, leftSeq } of changes) {
    if (leftSeq === null) changed.set(userId, { role, joinedSeq });
    else changed.delete(userId);
  }
  return changed;
}

/** What is remembered of a message. */
function decisionOf(outcome: Outcome): RecentDecision | null {
  if (outcome.kind === 'accepted' || outcome.kind === 'withheld') {
    const { sent, atMs, seq, ordinal, payloadHash } = outcome;
    return { messageId: sent.message_id, atMs, seq, ordinal, refused: null, payloadHash };
  }
  if (outcome.kind === 'directory_changed' && outcome.system !== null) {
    // Also where the window is full: directory events are few, and the id must not be taken by a client that saw it.
    const { messageId, seq, ordinal, payloadHash } = outcome.system;
    return { messageId, atMs: outcome.atMs, seq, ordinal, refused: null, payloadHash };
  }
  if (outcome.kind === 'refused' && outcome.remembered) {
    const { sent, atMs, code, payloadHash } = outcome;
    return { messageId: sent.message_id, atMs, seq: 0, ordinal: 0, refused: code, payloadHash };
  }
  return null;
}

function placeOf({ bucket, subBucket, opensBucket }: Accepted | Withheld | SystemMessage): BucketPlace {
  return { bucket, subBucket, opens: opensBucket };
}

function nextMembers(state: ConversationState, outcome: Outcome): ReadonlyMap<string, Member> {
  if (outcome.kind === 'accepted') return outcome.creates ? firstMembers(outcome) : state.members;
  return outcome.kind === 'directory_changed' ? changedMembers(state.members, outcome) : state.members;
}

function nextMls({ mls }: ConversationState, outcome: Outcome): MlsState {
  if (outcome.kind === 'accepted') return afterMessage(mls, outcome.sent.mls, outcome.seq);
  return outcome.kind === 'directory_changed' ? (outcome.mls ?? mls) : mls;
}

function nextWithheld({ withheld }: ConversationState, outcome: Outcome): ReadonlyMap<string, readonly BucketRef[]> {
  if (outcome.kind !== 'withheld') return withheld;
  const { sender_id } = outcome.sent;
  return new Map([...withheld, [sender_id, withRow(withheld.get(sender_id) ?? [], placeOf(outcome))]]);
}

/** What took the next seq, if something did. */
function numbered(outcome: Outcome): Accepted | SystemMessage | null {
  if (outcome.kind === 'accepted') return outcome;
  return outcome.kind === 'directory_changed' ? outcome.system : null;
}

export function evolve(state: ConversationState, outcome: Outcome): ConversationState {
  if (outcome.kind === 'halted') return state;
  const kept = state.recent.prune(outcome.atMs - recentWindowMs);
  const decision = decisionOf(outcome);
  const message = numbered(outcome);
  const directory = outcome.kind === 'directory_changed' ? outcome : null;
  return {
    conversationId: state.conversationId,
    conversationType: state.conversationType,
    lastAtMs: outcome.atMs,
    lastSeq: message?.seq ?? state.lastSeq,
    lastOrdinal: message?.ordinal ?? state.lastOrdinal,
    writeTimestampUs: outcome.writeTimestampUs,
    directoryVersion: directory?.directoryVersion ?? state.directoryVersion,
    members: nextMembers(state, outcome),
    whoMaySend: directory?.whoMaySend ?? state.whoMaySend,
    timerSeconds: directory?.timerSeconds ?? state.timerSeconds,
    mls: nextMls(state, outcome),
    blockers: directory?.blockers ?? state.blockers,
    withheld: nextWithheld(state, outcome),
    buckets: message === null ? state.buckets : withRow(state.buckets, placeOf(message)),
    recent: decision === null ? kept : kept.add(decision),
  };
}
