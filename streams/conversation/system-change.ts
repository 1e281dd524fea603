/** What a system message tells: a directory event in the words of a client. */
import type { ConversationChanged } from '@parley/schemas/generated/events';
import type { SystemChange, SystemKind } from '@parley/schemas/generated/wire';
import type { DirectoryEvent, MemberChange } from './outcome.ts';
import type { ConversationState } from './state.ts';

interface Told {
  readonly kind: SystemKind;
  readonly text: string;
}

/** One entry for each thing that changed. The state has no titles, so a title said again counts as changed. */
function changedThings(state: ConversationState, event: ConversationChanged): Told[] {
  const told: Told[] = [];
  const tell = (kind: SystemKind, text: string | null): void => {
    if (text !== null) told.push({ kind, text });
  };
  tell('renamed', event.title);
  tell('described', event.description);
  tell('pictured', event.picture_url);
  tell('who_may_send', event.who_may_send === state.whoMaySend ? null : event.who_may_send);
  tell('who_may_edit', event.who_may_edit);
  return told;
}

function conversationChange(state: ConversationState, event: ConversationChanged): SystemChange | null {
  const told = changedThings(state, event);
  if (told.length === 0) return null;
  const { kind, text } = told.length === 1 ? told[0]! : { kind: 'changed' as const, text: null };
  return { kind, actor_id: event.changed_by, user_ids: [], text };
}

/** Null: the event changes nothing that anybody would see. */
export function changeTold(
  state: ConversationState,
  { name, event }: DirectoryEvent,
  changes: readonly MemberChange[],
): SystemChange | null {
  // Nobody but who blocks is told of a block.
  if (name === 'block_changed') return null;
  if (name === 'conversation_changed') return conversationChange(state, event);
  if (name === 'conversation_timer_changed') {
    if (event.timer_seconds === state.timerSeconds) return null;
    return { kind: 'timer', actor_id: event.changed_by, user_ids: [], text: String(event.timer_seconds) };
  }
  if (name === 'mls_generation_opened') {
    if (event.from_generation !== state.mls.generation) return null;
    return { kind: 'keys_renewed', actor_id: event.opened_by, user_ids: [], text: String(event.from_generation + 1) };
  }
  const user_ids = changes.map(({ userId }) => userId);
  if (name === 'conversation_created') {
    // A group begins with the message of its creation, whoever is in it.
    if (user_ids.length === 0 && state.directoryVersion > 0) return null;
    return { kind: 'created', actor_id: event.created_by, user_ids, text: event.title };
  }
  if (user_ids.length === 0) return null;
  switch (name) {
    case 'member_added': {
      const kind = event.via === 'invite_link' ? 'joined_by_link' : 'added';
      return { kind, actor_id: event.added_by, user_ids, text: null };
    }
    case 'member_removed': {
      const kind = event.removed_by === event.user_id ? 'left' : 'removed';
      return { kind, actor_id: event.removed_by, user_ids, text: null };
    }
    case 'member_role_changed': {
      const kind = event.role === 'admin' ? 'promoted' : 'demoted';
      return { kind, actor_id: event.changed_by, user_ids, text: null };
    }
  }
}
