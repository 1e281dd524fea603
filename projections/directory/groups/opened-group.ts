/**
 * A group under its lock, in the hands of one of its members: what may be asked and done while a transaction changes it.
 *
 * Everybody who changes a group holds the lock of its conversation, so that what is read here stays true until the commit.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { MemberRole } from '@parley/schemas/generated/events';
import { type Selectable, sql, type Transaction } from 'kysely';
import { ConversationChange } from '../outbox/change.ts';
import type { DirectoryTables, GroupsTable } from '../tables.ts';
import { maxGroupsPerUser } from './group.ts';

export class OpenedGroup {
  readonly transaction: Transaction<DirectoryTables>;
  readonly change: ConversationChange;
  readonly row: Selectable<GroupsTable>;
  readonly callerId: string;
  /** Null for one who is not in it. */
  readonly callerRole: MemberRole | null;
  readonly nowMs: number;

  private constructor(
    change: ConversationChange,
    row: Selectable<GroupsTable>,
    caller: { userId: string; role: MemberRole | null },
    nowMs: number,
  ) {
    this.transaction = change.transaction;
    this.change = change;
    this.row = row;
    this.callerId = caller.userId;
    this.callerRole = caller.role;
    this.nowMs = nowMs;
  }

  /** @throws ParleyError `not_found` */
  static async open(
    transaction: Transaction<DirectoryTables>,
    groupId: string,
    callerId: string,
    nowMs: number,
  ): Promise<OpenedGroup> {
    const change = await ConversationChange.lock(transaction, groupId);
    const row = await transaction.selectFrom('groups').selectAll().where('group_id', '=', groupId).executeTakeFirst();
    if (change === null || row === undefined) throw new ParleyError('not_found');
    const role = await roleIn(transaction, groupId, callerId);
    return new OpenedGroup(change, row, { userId: callerId, role }, nowMs);
  }

  get groupId(): string {
    return this.row.group_id;
  }

  /** To others the group is not there. @throws ParleyError `not_found` */
  requireMember(): void {
    if (this.callerRole === null) throw new ParleyError('not_found');
  }

  /** @throws ParleyError `not_found`, `forbidden` */
  requireAdmin(): void {
    this.requireMember();
    if (this.callerRole !== 'admin') throw new ParleyError('forbidden', { detail: 'for admins of the group' });
  }

  roleOf(userId: string): Promise<MemberRole | null> {
    return roleIn(this.transaction, this.groupId, userId);
  }

  async count(role?: MemberRole): Promise<number> {
    const all = this.transaction.selectFrom('group_members').where('group_id', '=', this.groupId);
    const some = role === undefined ? all : all.where('role', '=', role);
    const { n } = await some.select(sql<number>`count(*)::int`.as('n')).executeTakeFirstOrThrow();
    return n;
  }

  /** Of those who are named, who is in. */
  async membersAmong(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.transaction
      .selectFrom('group_members')
      .select('user_id')
      .where('group_id', '=', this.groupId)
      .where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`)
      .execute();
    return new Set(rows.map((row) => row.user_id));
  }
}

async function roleIn(
  transaction: Transaction<DirectoryTables>,
  groupId: string,
  userId: string,
): Promise<MemberRole | null> {
  const row = await transaction
    .selectFrom('group_members')
    .select('role')
    .where('group_id', '=', groupId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row?.role ?? null;
}

/**
 * Locks users who are about to join a group, in the order of their ids, so that none comes to be in more groups than allowed by two
 * groups at once, and none is deleted meanwhile.
 * @throws ParleyError `user_unknown`, `too_many_groups`
 */
export async function lockJoiners(
  transaction: Transaction<DirectoryTables>,
  userIds: readonly string[],
): Promise<void> {
  const users = await transaction
    .selectFrom('users')
    .select('user_id')
    .where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`)
    .where('deleted_at', 'is', null)
    .orderBy('user_id')
    .forNoKeyUpdate()
    .execute();
  const known = new Set(users.map((row) => row.user_id));
  const unknown = userIds.find((userId) => !known.has(userId));
  if (unknown !== undefined) throw new ParleyError('user_unknown', { detail: unknown });
  const full = await transaction
    .selectFrom('group_members')
    .select('user_id')
    .where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`)
    .groupBy('user_id')
    .having(sql`count(*)`, '>=', maxGroupsPerUser)
    .limit(1)
    .executeTakeFirst();
  if (full !== undefined) throw new ParleyError('too_many_groups', { detail: full.user_id });
}
