/**
 * Directory events: who is in a group, as what, and what the group allows, in the order of the group's own versions (design
 * rule 20).
 *
 * Version last + 1 applies, a lower one was applied before, a higher one means that one is missing. An event with the right version
 * always advances it, also where it changes nothing: adding a present member, removing an absent one. The directory is the
 * authority: who may do what, and how many members a group may have, was decided there under the group's lock, so the fold refuses
 * nothing of it. Refusing what SQL holds would only drive the two apart.
 *
 * Since version 2 of the rules an event that changes something takes a seq and is a system message. Who joins sees that message
 * and what comes after it; who leaves sees it and nothing after it. Before, the event took no seq: a joiner sees what comes after
 * the last message, and a leaver what came up to it.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import type { BlockChanged, ConversationTimerChanged, MemberRole, WhoMay } from '@parley/schemas/generated/events';
import { directConversationId, isUuid } from '@parley/schemas/identity/conversation-id';
import { bucketOfTime, placeRow } from './buckets.ts';
import { afterMembership, afterOpening, type MlsState } from './mls.ts';
import type {
  DirectoryChanged,
  DirectoryEvent,
  Halted,
  Ignored,
  MemberChange,
  Moment,
  SystemMessage,
} from './outcome.ts';
import { currentRules, type Rules, rulesOf } from './rules.ts';
import type { ConversationState } from './state.ts';
import { changeTold } from './system-change.ts';
import { systemMessageId } from './system-message.ts';

function opened(state: ConversationState, userId: string, role: MemberRole): MemberChange[] {
  if (state.members.has(userId)) return [];
  return [{ change: 'joined', userId, role, joinedSeq: state.lastSeq + 1, leftSeq: null }];
}

function closed(state: ConversationState, userId: string, rules: Rules): MemberChange[] {
  const member = state.members.get(userId);
  if (member === undefined) return [];
  const leftSeq = state.lastSeq + (rules.directoryTakesSeq ? 2 : 1);
  return [{ change: 'left', userId, role: member.role, joinedSeq: member.joinedSeq, leftSeq }];
}

/** A timer may be set before the first message of a 1:1 conversation: that makes it. */
function pairOf(state: ConversationState, { changed_by, peer_id }: ConversationTimerChanged): MemberChange[] {
  if (peer_id === null) return [];
  const pair = changed_by === peer_id ? [changed_by] : [changed_by, peer_id];
  return pair.flatMap((userId) => opened(state, userId, 'member'));
}

function inRole(state: ConversationState, userId: string, role: MemberRole): MemberChange[] {
  const member = state.members.get(userId);
  if (member === undefined || member.role === role) return [];
  return [{ change: 'role', userId, role, joinedSeq: member.joinedSeq, leftSeq: null }];
}

function memberChanges(state: ConversationState, { name, event }: DirectoryEvent, rules: Rules): MemberChange[] {
  switch (name) {
    case 'member_added':
      return opened(state, event.user_id, event.role);
    case 'member_removed':
      return closed(state, event.user_id, rules);
    case 'member_role_changed':
      return inRole(state, event.user_id, event.role);
    case 'block_changed':
    case 'conversation_changed':
    case 'mls_generation_opened':
      return [];
    case 'conversation_timer_changed':
      return state.members.size === 0 ? pairOf(state, event) : [];
    case 'conversation_created': {
      const named = new Set<string>();
      return event.members.flatMap(({ user_id, role }) => {
        if (named.has(user_id)) return [];
        named.add(user_id);
        return opened(state, user_id, role);
      });
    }
  }
}

/** Null: as it was. */
function nextWhoMaySend(state: ConversationState, { name, event }: DirectoryEvent): WhoMay | null {
  if (name !== 'conversation_created' && name !== 'conversation_changed') return null;
  return event.who_may_send === state.whoMaySend ? null : event.who_may_send;
}

/** Null: as it was. */
function nextTimerSeconds(state: ConversationState, { name, event }: DirectoryEvent): number | null {
  if (name !== 'conversation_timer_changed' || event.timer_seconds === state.timerSeconds) return null;
  return Math.max(0, event.timer_seconds);
}

/** Null: as it was. Only of a 1:1 conversation. */
function nextBlockers(state: ConversationState, { name, event }: DirectoryEvent): ReadonlySet<string> | null {
  if (name !== 'block_changed' || state.conversationType !== 'one_on_one') return null;
  if (state.blockers.has(event.blocker_id) === event.blocked) return null;
  const blockers = new Set(state.blockers);
  if (event.blocked) blockers.add(event.blocker_id);
  else blockers.delete(event.blocker_id);
  return blockers;
}

/** Null: as it was. Under rules that give the event no seq, commits are measured against the last message before it. */
function nextMls(
  { mls, lastSeq }: ConversationState,
  { name }: DirectoryEvent,
  changes: readonly MemberChange[],
  system: SystemMessage | null,
): MlsState | null {
  if (name === 'mls_generation_opened') return system === null ? null : afterOpening(mls, system.seq);
  const isMembership = changes.some(({ change }) => change !== 'role');
  return isMembership ? afterMembership(mls, system?.seq ?? lastSeq) : null;
}

function isBlockOfPair(state: ConversationState, { blocker_id, blocked_id }: BlockChanged): boolean {
  if (!isUuid(blocker_id) || !isUuid(blocked_id) || blocker_id === blocked_id) return false;
  return directConversationId(blocker_id, blocked_id) === state.conversationId;
}

/** Of a 1:1 conversation the directory says nothing but what its two users decide; the event proves whose it is (rule 5). */
function isOfPair(state: ConversationState, { name, event }: DirectoryEvent): boolean {
  if (name === 'block_changed') return isBlockOfPair(state, event);
  if (name !== 'conversation_timer_changed' || event.peer_id === null) return false;
  if (!isUuid(event.peer_id) || !isUuid(event.changed_by)) return false;
  return directConversationId(event.changed_by, event.peer_id) === state.conversationId;
}

function systemMessage(
  state: ConversationState,
  received: DirectoryEvent,
  changes: readonly MemberChange[],
  moment: Moment,
  rules: Rules,
): SystemMessage | null {
  const change = changeTold(state, received, changes);
  if (change === null) return null;
  const place = placeRow(state.buckets, bucketOfTime(moment.atMs), rules.maxRowsPerSubBucket);
  return {
    ...systemMessageId(state, received.event.directory_version, moment),
    seq: state.lastSeq + 1,
    ordinal: state.lastOrdinal,
    bucket: place.bucket,
    subBucket: place.subBucket,
    opensBucket: place.opens,
    change,
  };
}

/** Versions that never can be are what the first builds took them for; those of the future wait for their build (rule 7). */
function rulesOfDirectory(version: number): Rules | null {
  if (version > currentRules.version) return null;
  const rules = rulesOf(Math.max(version, 1));
  invariant(rules !== undefined, 'a build knows the rules of every version up to its own');
  return rules;
}

export function decideDirectoryEvent(
  state: ConversationState,
  received: DirectoryEvent,
  moment: Moment,
): DirectoryChanged | Ignored | Halted {
  if (state.conversationType === 'one_on_one' && !isOfPair(state, received)) {
    return { kind: 'ignored', reason: 'direct_conversation', ...moment };
  }
  const version = received.event.directory_version;
  if (version <= state.directoryVersion) return { kind: 'ignored', reason: 'already_applied', ...moment };
  if (version > state.directoryVersion + 1) return { kind: 'halted', code: 'directory_gap', ...moment };
  const rules = rulesOfDirectory(received.event.rules_version);
  if (rules === null) return { kind: 'halted', code: 'rules_unknown', ...moment };
  const changes = memberChanges(state, received, rules);
  const system = rules.directoryTakesSeq ? systemMessage(state, received, changes, moment, rules) : null;
  return {
    kind: 'directory_changed',
    directoryVersion: version,
    changes,
    whoMaySend: nextWhoMaySend(state, received),
    timerSeconds: nextTimerSeconds(state, received),
    blockers: nextBlockers(state, received),
    mls: nextMls(state, received, changes, system),
    system,
    ...moment,
  };
}
