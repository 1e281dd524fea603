/** Finds a message by its id alone: the conversation's view says which sub-buckets there are. */
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { isMessageId } from '@parley/schemas/identity/message-id';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { MessageLookup } from '@parley/streams/processors/ports';
import type { MemberStore } from '../members/store.ts';
import type { MessageStore } from './store.ts';

export class StoredMessageLookup implements MessageLookup {
  readonly #members: MemberStore;
  readonly #messages: MessageStore;

  constructor(members: MemberStore, messages: MessageStore) {
    this.#members = members;
    this.#messages = messages;
  }

  async find(conversationId: string, messageId: string): Promise<MessageRow | null> {
    if (!isUuid(conversationId) || !isMessageId(messageId)) return null;
    const view = await this.#members.view(conversationId);
    return view === null ? null : this.#messages.find(conversationId, messageId, view.buckets);
  }
}
