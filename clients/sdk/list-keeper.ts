/**
 * Keeps the conversation list true: what arrives, what is read here, and what the server then says.
 *
 * `read` is not answered, so what the user has read is remembered until the inbox shows it, and said again where it does not.
 */
import type { InboxEntry, WireMessage } from '@parley/schemas/generated/wire';
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import type { ConversationList } from './conversation-list.ts';
import type { Marks } from './marks.ts';
import type { Queries } from './queries.ts';

/** A read that the server does not show after so many tellings it will not take: the message has expired. */
const mostTellings = 5;

export interface ReadMessage {
  readonly seq: number;
  readonly messageId: string;
}

export class ListKeeper {
  readonly #list: ConversationList;
  readonly #marks: Marks;
  readonly #queries: Queries;
  readonly #say: (conversationId: string, read: ReadMessage) => boolean;
  /** Groups whose row was asked for. */
  readonly #asked = new Set<string>();
  /** Of each conversation the last that was said, until the server is known to have heard it. */
  readonly #reads = new Map<string, ReadMessage & { told: number }>();

  constructor(
    list: ConversationList,
    marks: Marks,
    queries: Queries,
    say: (conversationId: string, read: ReadMessage) => boolean,
  ) {
    this.#list = list;
    this.#marks = marks;
    this.#queries = queries;
    this.#say = say;
  }

  /** A message arrived. */
  seen(message: WireMessage): void {
    if (this.#list.message(message)) return;
    if (!isDirectConversationId(message.conversation_id)) {
      this.#learn(message.conversation_id);
      return;
    }
    // The user began a conversation, on another device or just now: with whom, its members tell.
    this.#queries.members(message.conversation_id, {}).then(
      ({ members }) => {
        const other = members.find(({ user_id: userId }) => userId !== message.sender_id) ?? members[0];
        if (other !== undefined) this.#list.begin(message, other.user_id);
      },
      () => undefined, // The next inbox tells.
    );
  }

  /** A group of which an application that has just begun knows nothing: its row of the list tells. */
  #learn(conversationId: string): void {
    if (this.#asked.has(conversationId)) return;
    this.#asked.add(conversationId);
    this.#queries
      .inboxEntry(conversationId)
      .then(
        (entry) => {
          if (entry !== null) this.told(entry);
        },
        () => undefined, // The next inbox tells.
      )
      .finally(() => this.#asked.delete(conversationId));
  }

  /** The user has read everything up to the message. False: there is no connection, and it is said later. */
  read(conversationId: string, read: ReadMessage): boolean {
    if (read.seq > (this.#reads.get(conversationId)?.seq ?? 0)) this.#reads.set(conversationId, { ...read, told: 0 });
    this.#list.read(conversationId, read.seq);
    if (this.#list.get(conversationId)?.isMarkedUnread === true) {
      this.#marks.markUnread(conversationId, false).catch(() => undefined); // It stays to be looked at.
    }
    return this.#say(conversationId, read);
  }

  /** What the inbox says. */
  told(entry: InboxEntry): void {
    this.#list.apply(entry);
    const read = this.#reads.get(entry.conversation_id);
    if (read === undefined) return;
    if (entry.read_seq >= read.seq || read.told >= mostTellings) this.#reads.delete(entry.conversation_id);
    else if (this.#say(entry.conversation_id, read)) read.told++;
  }
}
