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
import type { MemberRole, WhoMay } from '@parley/schemas/generated/events';
import { bucketOfTime, placeRow } from './buckets.ts';
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
    case 'conversation_changed':
      return [];
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
  if (state.conversationType === 'one_on_one') return { kind: 'ignored', reason: 'direct_conversation', ...moment };
  const version = received.event.directory_version;
  if (version <= state.directoryVersion) return { kind: 'ignored', reason: 'already_applied', ...moment };
  if (version > state.directoryVersion + 1) return { kind: 'halted', code: 'directory_gap', ...moment };
  const rules = rulesOfDirectory(received.event.rules_version);
  if (rules === null) return { kind: 'halted', code: 'rules_unknown', ...moment };
  const changes = memberChanges(state, received, rules);
  return {
    kind: 'directory_changed',
    directoryVersion: version,
    changes,
    whoMaySend: nextWhoMaySend(state, received),
    system: rules.directoryTakesSeq ? systemMessage(state, received, changes, moment, rules) : null,
    ...moment,
  };
}
