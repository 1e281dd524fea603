/**
 * Invite links: whoever knows a group's token may join it, until an admin takes it back or makes another. One at a time.
 *
 * The token is derived from the invite's id with a secret that is not in the database, which keeps its hash alone: who reads the
 * tables can't join by them, and an admin can be shown the link again.
 */
import { createHmac } from 'node:crypto';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Kysely } from 'kysely';
import { sameHash, secretHash } from '../secrets.ts';
import type { DirectoryTables } from '../tables.ts';
import type { OpenedGroup } from './opened-group.ts';

/** Of a token: 32 bytes in base64url. */
export const inviteTokenChars = 43;

export interface Invite {
  readonly token: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
}

export class Invites {
  readonly #secret: Uint8Array;

  /** @param secret not kept in the database */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The one before is no good any more. */
  async replace(group: OpenedGroup, inviteId: string): Promise<Invite> {
    const token = this.#tokenOf(inviteId);
    const values = {
      invite_id: inviteId,
      token_hash: hashOf(token),
      created_by: group.callerId,
      created_at: new Date(group.nowMs),
    };
    await group.transaction
      .insertInto('group_invites')
      .values({ group_id: group.groupId, ...values })
      .onConflict((conflict) => conflict.column('group_id').doUpdateSet(values))
      .execute();
    return { token, createdBy: group.callerId, createdAtMs: group.nowMs };
  }

  /** @throws ParleyError `not_found` if there is none */
  async current(group: OpenedGroup): Promise<Invite> {
    const row = await group.transaction
      .selectFrom('group_invites')
      .selectAll()
      .where('group_id', '=', group.groupId)
      .executeTakeFirst();
    const token = row === undefined ? '' : this.#tokenOf(row.invite_id);
    // Of another secret, when the installation's key was changed: then nobody knows the token any more.
    if (row === undefined || !sameHash(row.token_hash, hashOf(token))) throw new ParleyError('not_found');
    return { token, createdBy: row.created_by, createdAtMs: row.created_at.getTime() };
  }

  async revoke(group: OpenedGroup): Promise<void> {
    await group.transaction.deleteFrom('group_invites').where('group_id', '=', group.groupId).execute();
  }

  #tokenOf(inviteId: string): string {
    return createHmac('sha256', this.#secret).update(inviteId).digest('base64url');
  }
}

const hashOf = (token: string): Buffer => secretHash(Buffer.from(token, 'utf8'));

/** The group that the token lets in to; read again under the group's lock, because a link may be taken back in between. */
export async function groupOfToken(db: Kysely<DirectoryTables>, token: string): Promise<string | null> {
  const row = await db
    .selectFrom('group_invites')
    .select('group_id')
    .where('token_hash', '=', hashOf(token))
    .executeTakeFirst();
  return row?.group_id ?? null;
}
