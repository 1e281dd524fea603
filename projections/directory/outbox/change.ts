/**
 * A change of what the directory says about a conversation: its events get the conversation's next versions and lie in the outbox by
 * the transaction that changes the rows (design rule 20).
 *
 *   const change = await ConversationChange.lock(transaction, conversationId);
 *   change.record('member_added', { user_id, role, added_by, via });
 *   await change.save(nowMs);
 *
 * The conversation's row is locked from `lock` or `create` to the end of the transaction, so that versions are committed in their
 * order: whoever sees version n sees all below it. Groups use it, and so may whatever else a conversation must order.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import type { EventName, EventTypes } from '@parley/schemas/generated/events';
import type { ConversationType } from '@parley/schemas/generated/state';
import { currentRules } from '@parley/streams/conversation/rules';
import type { Transaction } from 'kysely';
import type { DirectoryTables } from '../tables.ts';

/** Events that carry a conversation's directory version. */
export type DirectoryEventName = {
  [N in EventName]: EventTypes[N] extends { conversation_id: string; directory_version: number } ? N : never;
}[EventName];

/** What is left to say of an event: where it belongs, its version and that of the rules are the change's. */
export type DirectoryEventFields<N extends DirectoryEventName> = Omit<
  EventTypes[N],
  'conversation_id' | 'directory_version' | 'rules_version'
>;

interface PendingEvent {
  readonly version: number;
  readonly name: DirectoryEventName;
  readonly fields: object;
}

export class ConversationChange {
  readonly transaction: Transaction<DirectoryTables>;
  readonly conversationId: string;
  readonly #firstVersion: number;
  readonly #pending: PendingEvent[] = [];
  #isSaved = false;

  private constructor(transaction: Transaction<DirectoryTables>, conversationId: string, version: number) {
    this.transaction = transaction;
    this.conversationId = conversationId;
    this.#firstVersion = version;
  }

  /** Null if the directory knows nothing of the conversation. */
  static async lock(
    transaction: Transaction<DirectoryTables>,
    conversationId: string,
  ): Promise<ConversationChange | null> {
    const row = await transaction
      .selectFrom('conversations')
      .select('version')
      .where('conversation_id', '=', conversationId)
      .forUpdate()
      .executeTakeFirst();
    return row === undefined ? null : new ConversationChange(transaction, conversationId, row.version);
  }

  /** Locks the conversation's row, which is made with version 0 if there is none. */
  static async create(
    transaction: Transaction<DirectoryTables>,
    conversationId: string,
    conversationType: ConversationType,
    nowMs: number,
  ): Promise<ConversationChange> {
    const created_at = new Date(nowMs);
    await transaction
      .insertInto('conversations')
      .values({ conversation_id: conversationId, conversation_type: conversationType, version: 0, created_at })
      .onConflict((conflict) => conflict.column('conversation_id').doNothing())
      .execute();
    const change = await ConversationChange.lock(transaction, conversationId);
    invariant(change !== null, 'a conversation that was made is there');
    return change;
  }

  /** Of the last event, recorded here or before. */
  get version(): number {
    return this.#firstVersion + this.#pending.length;
  }

  /** The event gets the next version. */
  record<N extends DirectoryEventName>(name: N, fields: DirectoryEventFields<N>): void {
    invariant(!this.#isSaved, 'a change is saved once');
    this.#pending.push({ version: this.version + 1, name, fields });
  }

  /** Writes what was recorded. Resolves to the conversation's version. */
  async save(nowMs: number): Promise<number> {
    this.#isSaved = true;
    if (this.#pending.length === 0) return this.version;
    const created_at = new Date(nowMs);
    await this.transaction
      .insertInto('outbox')
      .values(this.#pending.map((pending) => ({ ...this.#rowOf(pending), created_at, sent_at: null })))
      .execute();
    await this.transaction
      .updateTable('conversations')
      .set({ version: this.version })
      .where('conversation_id', '=', this.conversationId)
      .execute();
    return this.version;
  }

  #rowOf({ version, name, fields }: PendingEvent) {
    const event = {
      ...fields,
      conversation_id: this.conversationId,
      directory_version: version,
      rules_version: currentRules.version,
    };
    return { conversation_id: this.conversationId, version, event_name: name, event: JSON.stringify(event) };
  }
}
