/**
 * Directory events: who is in a group, in the order of the group's own versions (design rule 20).
 *
 * Version last + 1 applies, a lower one was applied before, a higher one means that one is missing. An event with the right version
 * always advances it, also where it changes nothing: adding a present member, removing an absent one.
 */
import type { MemberRole } from '@parley/schemas/generated/events';
import type { ConversationEvent, Halted, Ignored, MemberChange, MembershipChanged, Moment } from './outcome.ts';
import type { ConversationState } from './state.ts';

type DirectoryEvent = Exclude<ConversationEvent, { name: 'message_sent' }>;

/** A joiner sees what comes after the last message. */
function opened(state: ConversationState, userId: string, role: MemberRole): MemberChange[] {
  if (state.members.has(userId)) return [];
  return [{ userId, role, joinedSeq: state.lastSeq + 1, leftSeq: null }];
}

function closed(state: ConversationState, userId: string): MemberChange[] {
  const member = state.members.get(userId);
  if (member === undefined) return [];
  return [{ userId, role: member.role, joinedSeq: member.joinedSeq, leftSeq: state.lastSeq + 1 }];
}

function changesOf(state: ConversationState, { name, event }: DirectoryEvent): MemberChange[] {
  if (name === 'member_added') return opened(state, event.user_id, event.role);
  if (name === 'member_removed') return closed(state, event.user_id);
  const named = new Set<string>();
  return event.members.flatMap(({ user_id, role }) => {
    if (named.has(user_id)) return [];
    named.add(user_id);
    return opened(state, user_id, role);
  });
}

export function decideDirectoryEvent(
  state: ConversationState,
  received: DirectoryEvent,
  moment: Moment,
): MembershipChanged | Ignored | Halted {
  if (state.conversationType === 'one_on_one') return { kind: 'ignored', reason: 'direct_conversation', ...moment };
  const version = received.event.directory_version;
  if (version <= state.directoryVersion) return { kind: 'ignored', reason: 'already_applied', ...moment };
  if (version > state.directoryVersion + 1) return { kind: 'halted', code: 'directory_gap', ...moment };
  return { kind: 'membership_changed', directoryVersion: version, changes: changesOf(state, received), ...moment };
}
