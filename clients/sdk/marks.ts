/** What the user keeps about conversations for themselves: set here, shown on all their devices. */
import type { MarkKind } from '@parley/schemas/generated/wire';
import type { ConversationList } from './conversation-list.ts';
import type { Queries } from './queries.ts';

/** Muted until it is taken back. */
export const muteForEver = Number.MAX_SAFE_INTEGER - 1;

/** Each call resolves when the mark is kept for good. @throws ParleyError, which says whether to try again */
export class Marks {
  readonly #queries: Queries;
  readonly #list: ConversationList;

  constructor(queries: Queries, list: ConversationList) {
    this.#queries = queries;
    this.#list = list;
  }

  pin(conversationId: string, isPinned = true): Promise<void> {
    return this.#set(conversationId, 'pinned', isPinned ? 1 : 0);
  }

  archive(conversationId: string, isArchived = true): Promise<void> {
    return this.#set(conversationId, 'archived', isArchived ? 1 : 0);
  }

  /** No notifications until then; null ends it. */
  mute(conversationId: string, untilMs: number | null): Promise<void> {
    return this.#set(conversationId, 'muted', untilMs ?? 0);
  }

  markUnread(conversationId: string, isUnread = true): Promise<void> {
    return this.#set(conversationId, 'unread', isUnread ? 1 : 0);
  }

  /** Deletes the message and everything before it for this user alone; without one, everything that there is. */
  async clear(conversationId: string, upTo?: { readonly seq: number; readonly messageId: string }): Promise<void> {
    let [seq, messageId] = [upTo?.seq, upTo?.messageId];
    if (seq === undefined || messageId === undefined) {
      const newest = (await this.#queries.history(conversationId, 0, 0, 1)).messages.at(-1);
      if (newest === undefined) return;
      [seq, messageId] = [newest.seq, newest.message_id];
    }
    await this.#set(conversationId, 'cleared', seq, messageId);
  }

  async #set(conversation_id: string, kind: MarkKind, value: number, message_id: string | null = null): Promise<void> {
    this.#list.apply(await this.#queries.mark({ conversation_id, kind, value, message_id }));
  }
}
