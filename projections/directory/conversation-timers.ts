/**
 * The disappearing timer of a conversation: changed under its lock, told to the log by the outbox (design rules 20 and 23).
 *
 * In a group whoever may edit it sets the timer; in a 1:1 conversation either of its two users does, and names the other, by which
 * the id is proven. Setting what is set already says nothing, nor does what one sets whom the other has blocked: it would be a word
 * that reaches the blocker.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { directConversationId, isDirectConversationId, isUuid } from '@parley/schemas/identity/conversation-id';
import type { Transaction } from 'kysely';
import { hasBlocked } from './blocks.ts';
import type { DirectoryDatabase } from './database.ts';
import { OpenedGroup } from './groups/opened-group.ts';
import { ConversationChange } from './outbox/change.ts';
import type { DirectoryTables } from './tables.ts';

export interface TimerOf {
  readonly callerId: string;
  readonly conversationId: string;
  /** 1:1: the other user, or the caller in a note to self; null for a group. */
  readonly peerId: string | null;
}

/** The conversation's version, and the timer that is in force with it. */
export interface TimerChange {
  readonly version: number;
  readonly timerSeconds: number;
}

export interface ConversationTimersOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  /** Those that may be set. */
  readonly timersSeconds: readonly number[];
}

export class ConversationTimers {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;
  readonly #timersSeconds: readonly number[];

  constructor(options: ConversationTimersOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#timersSeconds = options.timersSeconds;
  }

  /** Seconds; 0 for off. @throws ParleyError `not_found`, `conversation_mismatch` */
  get(of: TimerOf): Promise<number> {
    return this.#database.transaction(async (transaction) => {
      if (isDirectConversationId(of.conversationId)) await requirePair(transaction, of);
      else (await this.#group(transaction, of)).requireMember();
      return timerOf(transaction, of.conversationId);
    });
  }

  /** @throws ParleyError `not_found`, `forbidden`, `conversation_mismatch`, `invalid_request`, `blocked_by_you` */
  async set(of: TimerOf, timerSeconds: number): Promise<TimerChange> {
    if (!this.#timersSeconds.includes(timerSeconds))
      throw new ParleyError('invalid_request', { detail: 'timer_seconds' });
    const nowMs = this.#clock.nowMs();
    return this.#database.transaction(async (transaction) => {
      const change = await this.#open(transaction, of, nowMs);
      const before = await timerOf(transaction, of.conversationId);
      if (before === timerSeconds || (await isWithheld(transaction, of))) {
        return { version: change.version, timerSeconds: before };
      }
      await transaction
        .updateTable('conversations')
        .set({ timer_seconds: timerSeconds })
        .where('conversation_id', '=', of.conversationId)
        .execute();
      const changed = { timer_seconds: timerSeconds, changed_by: of.callerId, peer_id: of.peerId };
      change.record('conversation_timer_changed', changed);
      return { version: await change.save(nowMs), timerSeconds };
    });
  }

  async #open(transaction: Transaction<DirectoryTables>, of: TimerOf, nowMs: number): Promise<ConversationChange> {
    if (isDirectConversationId(of.conversationId)) {
      await requirePair(transaction, of);
      return ConversationChange.create(transaction, of.conversationId, 'one_on_one', nowMs);
    }
    const group = await this.#group(transaction, of);
    group.requireMember();
    if (group.row.who_may_edit === 'admins') group.requireAdmin();
    return group.change;
  }

  async #group(transaction: Transaction<DirectoryTables>, of: TimerOf): Promise<OpenedGroup> {
    if (!isUuid(of.conversationId)) throw new ParleyError('not_found');
    if (of.peerId !== null) throw new ParleyError('conversation_mismatch');
    return OpenedGroup.open(transaction, of.conversationId, of.callerId, this.#clock.nowMs());
  }
}

/** A conversation is its pair's alone. @throws ParleyError `conversation_mismatch`, `not_found` */
async function requirePair(
  transaction: Transaction<DirectoryTables>,
  { callerId, conversationId, peerId }: TimerOf,
): Promise<void> {
  if (peerId === null || !isUuid(peerId) || directConversationId(callerId, peerId) !== conversationId) {
    throw new ParleyError('conversation_mismatch');
  }
  const peer = await transaction
    .selectFrom('users')
    .select('user_id')
    .where('user_id', '=', peerId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (peer === undefined) throw new ParleyError('not_found');
}

/** @throws ParleyError `blocked_by_you` */
async function isWithheld(transaction: Transaction<DirectoryTables>, { callerId, peerId }: TimerOf): Promise<boolean> {
  if (peerId === null) return false;
  if (await hasBlocked(transaction, callerId, peerId)) throw new ParleyError('blocked_by_you');
  return hasBlocked(transaction, peerId, callerId);
}

async function timerOf(transaction: Transaction<DirectoryTables>, conversationId: string): Promise<number> {
  const row = await transaction
    .selectFrom('conversations')
    .select('timer_seconds')
    .where('conversation_id', '=', conversationId)
    .executeTakeFirst();
  return row?.timer_seconds ?? 0;
}
