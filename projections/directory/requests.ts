/**
 * Requests that carry a key of the client's making, so that one which is sent again, because its answer was lost, is not done again.
 *
 * The key is kept with what was asked, by the transaction that does it; the same key with something else is an error. Keys are
 * forgotten after a day (`Outbox.forget`).
 */
import { createHash } from 'node:crypto';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Transaction } from 'kysely';
import { sameHash } from './secrets.ts';
import type { DirectoryTables } from './tables.ts';

export const maxRequestKeyChars = 64;

export interface KeyedRequest {
  readonly userId: string;
  /** Null for a request that may be done twice. */
  readonly key: string | null;
  readonly conversationId: string;
  /** All that decides what is done, in one order. */
  readonly asked: readonly unknown[];
}

/**
 * Null if it is new, and remembered from now on; else the conversation that it was done to. Another that is being done with the same
 * key is waited for.
 * @throws ParleyError `request_key_reused`
 */
export async function doneBefore(
  transaction: Transaction<DirectoryTables>,
  { userId, key, conversationId, asked }: KeyedRequest,
  nowMs: number,
): Promise<string | null> {
  if (key === null) return null;
  const hash = createHash('sha256').update(JSON.stringify(asked)).digest();
  const row = { user_id: userId, request_key: key, request_hash: hash, conversation_id: conversationId };
  const inserted = await transaction
    .insertInto('directory_requests')
    .values({ ...row, created_at: new Date(nowMs) })
    .onConflict((conflict) => conflict.columns(['user_id', 'request_key']).doNothing())
    .executeTakeFirstOrThrow();
  if (inserted.numInsertedOrUpdatedRows === 1n) return null;
  const known = await transaction
    .selectFrom('directory_requests')
    .select(['request_hash', 'conversation_id'])
    .where('user_id', '=', userId)
    .where('request_key', '=', key)
    .executeTakeFirstOrThrow();
  if (!sameHash(known.request_hash, hash)) throw new ParleyError('request_key_reused');
  return known.conversation_id;
}
