/**
 * The inbox rows of one conversation's members, merged over a slice: one row a member, however many messages there were.
 *
 * What concerns all members alike is gathered once and given to each at the end, or when the membership changes: who leaves
 * gets what came before and the message that tells of it, who joins nothing of what came before. A joiner's own ordinal is that of the moment, so that what came before
 * does not count as unread, and no preview from before is shown.
 */
import type { Accepted, DirectoryChanged } from '../conversation/outcome.ts';
import type { InboxRow, LastMessage } from '../conversation/rows.ts';
import { isCountable } from '../conversation/rules.ts';
import type { ConversationState } from '../conversation/state.ts';

type MergedRow = { -readonly [K in keyof InboxRow]: InboxRow[K] };

/** 1:1: the other user, or the one user of a note to self. */
function otherOf(state: ConversationState, userId: string): string | null {
  if (state.conversationType === 'group') return null;
  for (const memberId of state.members.keys()) if (memberId !== userId) return memberId;
  return userId;
}

export class InboxMerge {
  readonly #rows = new Map<string, MergedRow>();
  /** The state after the last message that the members' rows do not show yet. */
  #pending: ConversationState | null = null;
  #lastMessage: LastMessage | null = null;
  readonly #ownOrdinals = new Map<string, number>();

  accepted(state: ConversationState, { sent, ordinal, atMs, expiresAtMs }: Accepted, isGone: boolean): void {
    this.#pending = state;
    if (isCountable(sent.message_type)) {
      const preview = isGone ? null : sent.preview;
      const fades = preview !== null && expiresAtMs !== null;
      this.#lastMessage = { preview, atMs, ...(fades ? { expiresAtMs } : {}) };
    }
    // A commit of the encryption is sent by a device on its own: nobody has read anything.
    if (sent.message_type !== 'mls') this.#ownOrdinals.set(sent.sender_id, ordinal);
  }

  /** A system message moves everyone's last seq, and nothing else: it has no preview and counts as no message. */
  directoryChanged(state: ConversationState, { changes, system }: DirectoryChanged): void {
    if (changes.some(({ change }) => change !== 'role')) this.#giveOut();
    for (const { change, userId, leftSeq } of changes) {
      if (change === 'role') continue;
      const row = this.#rowOf(state, userId);
      row.leftSeq = leftSeq;
      if (change === 'joined') row.ownOrdinal = state.lastOrdinal;
    }
    if (system !== null) this.#pending = state;
  }

  #giveOut(): void {
    const state = this.#pending;
    if (state === null) return;
    for (const userId of state.members.keys()) {
      const row = this.#rowOf(state, userId);
      if (this.#lastMessage !== null) row.lastMessage = this.#lastMessage;
      const ownOrdinal = this.#ownOrdinals.get(userId);
      if (ownOrdinal !== undefined) row.ownOrdinal = ownOrdinal;
    }
    this.#pending = null;
    this.#lastMessage = null;
    this.#ownOrdinals.clear();
  }

  /** The member's row, as of the state. */
  #rowOf(state: ConversationState, userId: string): MergedRow {
    let row = this.#rows.get(userId);
    if (row === undefined) {
      const { conversationId, conversationType, writeTimestampUs, lastSeq, lastOrdinal } = state;
      const otherUserId = otherOf(state, userId);
      row = { userId, conversationId, writeTimestampUs, conversationType, otherUserId, lastSeq, lastOrdinal };
      this.#rows.set(userId, row);
      return row;
    }
    row.writeTimestampUs = state.writeTimestampUs;
    row.lastSeq = state.lastSeq;
    row.lastOrdinal = state.lastOrdinal;
    return row;
  }

  rows(): InboxRow[] {
    this.#giveOut();
    return [...this.#rows.values()];
  }
}
