/**
 * Who may edit, delete, react to or answer which message.
 *
 * The facts about the target are stamped by the gateway, which read them from its row of the same conversation; rows never
 * change, so neither do the facts, and the fold need not keep every message in its state.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { MessageSent, MessageTarget } from '@parley/schemas/generated/events';
import { isCountable, needsTarget, type Rules } from './rules.ts';
import type { ConversationState } from './state.ts';

function isVisible(state: ConversationState, userId: string, target: MessageTarget): boolean {
  const member = state.members.get(userId);
  // Where the conversation does not exist yet there is nothing to see.
  return member !== undefined && member.joinedSeq <= target.seq && target.seq <= state.lastSeq;
}

function isAdmin(state: ConversationState, userId: string): boolean {
  return state.members.get(userId)?.role === 'admin';
}

/** Its author, for a while. */
function refusalOfEdit(sent: MessageSent, target: MessageTarget, atMs: number, rules: Rules): ErrorCode | null {
  if (target.sender_id !== sent.sender_id) return 'target_not_yours';
  return atMs - target.at_ms > rules.editWindowMs ? 'target_too_old' : null;
}

/** Its author, for a while; an admin of the group, always. */
function refusalOfDelete(
  state: ConversationState,
  sent: MessageSent,
  target: MessageTarget,
  atMs: number,
  rules: Rules,
): ErrorCode | null {
  if (isAdmin(state, sent.sender_id)) return null;
  if (target.sender_id !== sent.sender_id) return 'target_not_yours';
  return atMs - target.at_ms > rules.deleteWindowMs ? 'target_too_old' : null;
}

/** A reply whose target the gateway did not find is taken as it is: the client shows what it knows. */
function refusalOfReply(state: ConversationState, sent: MessageSent): ErrorCode | null {
  if (sent.reply_to === null || sent.target === null) return null;
  if (sent.target.message_id !== sent.reply_to) return 'target_missing';
  return isVisible(state, sent.sender_id, sent.target) ? null : 'target_not_visible';
}

export function refusalOfTarget(
  state: ConversationState,
  sent: MessageSent,
  atMs: number,
  rules: Rules,
): ErrorCode | null {
  const { message_type, target } = sent;
  if (!needsTarget(message_type)) return refusalOfReply(state, sent);
  if (target === null) return 'target_missing';
  if (!isVisible(state, sent.sender_id, target)) return 'target_not_visible';
  // Only content is edited, deleted or reacted to: not another change, and not a commit of the encryption.
  if (!isCountable(target.message_type)) return 'target_wrong_type';
  if (message_type === 'edit') return refusalOfEdit(sent, target, atMs, rules);
  if (message_type === 'delete') return refusalOfDelete(state, sent, target, atMs, rules);
  return null;
}
