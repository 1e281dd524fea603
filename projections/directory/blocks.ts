/**
 * Blocks: kept here, and told to the pair's 1:1 conversation in the order of its versions (design rules 6 and 20).
 *
 * The row and the event are one transaction under the conversation's lock, so that the log ends up with what is here. Blocking who is
 * blocked, and unblocking who is not, says nothing. The bound is held under the lock of who blocks.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { directConversationId, isUuid } from '@parley/schemas/identity/conversation-id';
import type { Kysely, Transaction } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import { ConversationChange } from './outbox/change.ts';
import type { DirectoryTables } from './tables.ts';

export const maxBlocksPerUser = 10_000;
export const maxBlocksPerPage = 200;

export interface Block {
  readonly userId: string;
  readonly blockedAtMs: number;
}

export interface BlockPage {
  /** In the order of their ids. */
  readonly blocks: readonly Block[];
  /** What to ask for as `after`; null on the last page. */
  readonly next: string | null;
}

/** The pair's conversation and its version afterwards: 0 where nothing was ever told to it. */
export interface BlockChange {
  readonly conversationId: string;
  readonly version: number;
}

export interface BlocksOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  /** For tests; fewer than production allows. */
  readonly maxPerUser?: number;
}

export class Blocks {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;
  readonly #maxPerUser: number;

  constructor({ database, clock, maxPerUser }: BlocksOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#maxPerUser = maxPerUser ?? maxBlocksPerUser;
  }

  /** @throws ParleyError `not_found` for one who is no user, `invalid_request` for the user itself, `too_many_blocks` */
  async block(blockerId: string, blockedId: string): Promise<BlockChange> {
    requireOther(blockerId, blockedId);
    const nowMs = this.#clock.nowMs();
    const conversationId = directConversationId(blockerId, blockedId);
    return this.#database.transaction(async (transaction) => {
      // The conversation before the user, in this order everywhere: two who block each other don't wait in a ring.
      const change = await ConversationChange.create(transaction, conversationId, 'one_on_one', nowMs);
      await requireUsers(transaction, blockerId, blockedId);
      if (await hasBlocked(transaction, blockerId, blockedId)) return { conversationId, version: change.version };
      await transaction
        .insertInto('blocks')
        .values({ blocker_id: blockerId, blocked_id: blockedId, created_at: new Date(nowMs) })
        .execute();
      if ((await blocksOf(transaction, blockerId)) > this.#maxPerUser) throw new ParleyError('too_many_blocks');
      change.record('block_changed', { blocker_id: blockerId, blocked_id: blockedId, blocked: true });
      return { conversationId, version: await change.save(nowMs) };
    });
  }

  /** Who was blocked may be no user any more. @throws ParleyError `not_found`, `invalid_request` for the user itself */
  async unblock(blockerId: string, blockedId: string): Promise<BlockChange> {
    requireOther(blockerId, blockedId);
    const nowMs = this.#clock.nowMs();
    const conversationId = directConversationId(blockerId, blockedId);
    return this.#database.transaction(async (transaction) => {
      const change = await ConversationChange.lock(transaction, conversationId);
      if (change === null) return { conversationId, version: 0 };
      const { numDeletedRows } = await transaction
        .deleteFrom('blocks')
        .where('blocker_id', '=', blockerId)
        .where('blocked_id', '=', blockedId)
        .executeTakeFirstOrThrow();
      if (numDeletedRows === 1n) {
        change.record('block_changed', { blocker_id: blockerId, blocked_id: blockedId, blocked: false });
      }
      return { conversationId, version: await change.save(nowMs) };
    });
  }

  async list(blockerId: string, after: string | null, limit: number): Promise<BlockPage> {
    const rows = await this.#database.run((db) => {
      let query = db.selectFrom('blocks').select(['blocked_id', 'created_at']).where('blocker_id', '=', blockerId);
      if (after !== null) query = query.where('blocked_id', '>', after);
      return query
        .orderBy('blocked_id')
        .limit(limit + 1)
        .execute();
    });
    const blocks = rows
      .slice(0, limit)
      .map(({ blocked_id, created_at }) => ({ userId: blocked_id, blockedAtMs: created_at.getTime() }));
    return { blocks, next: rows.length > limit ? blocks.at(-1)!.userId : null };
  }
}

/** @throws ParleyError `invalid_request`, `not_found` */
function requireOther(blockerId: string, blockedId: string): void {
  if (!isUuid(blockedId)) throw new ParleyError('not_found');
  if (blockerId === blockedId) throw new ParleyError('invalid_request', { detail: 'nobody blocks themselves' });
}

/** Who blocks is locked, so that the bound holds under blocks at the same time. @throws ParleyError `not_found` */
async function requireUsers(
  transaction: Transaction<DirectoryTables>,
  blockerId: string,
  blockedId: string,
): Promise<void> {
  const blocker = await transaction
    .selectFrom('users')
    .select('deleted_at')
    .where('user_id', '=', blockerId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  const blocked = await transaction
    .selectFrom('users')
    .select('user_id')
    .where('user_id', '=', blockedId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (blocker === undefined || blocker.deleted_at !== null || blocked === undefined) throw new ParleyError('not_found');
}

export async function hasBlocked(db: Kysely<DirectoryTables>, blockerId: string, blockedId: string): Promise<boolean> {
  const row = await db
    .selectFrom('blocks')
    .select('blocked_id')
    .where('blocker_id', '=', blockerId)
    .where('blocked_id', '=', blockedId)
    .executeTakeFirst();
  return row !== undefined;
}

async function blocksOf(db: Kysely<DirectoryTables>, blockerId: string): Promise<number> {
  const { count } = await db
    .selectFrom('blocks')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('blocker_id', '=', blockerId)
    .executeTakeFirstOrThrow();
  return Number(count);
}
