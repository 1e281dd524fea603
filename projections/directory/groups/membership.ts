/** Who is in a group and as what: each function does its part under the group's lock and records the events of it, in order. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { JoinedVia, MemberRole } from '@parley/schemas/generated/events';
import { lockJoiners, type OpenedGroup } from './opened-group.ts';

/** Those who are in already stay as they are. @throws ParleyError `group_full`, `user_unknown`, `too_many_groups` */
export async function addMembers(group: OpenedGroup, userIds: readonly string[], via: JoinedVia): Promise<void> {
  const present = await group.membersAmong(userIds);
  const joiners = [...new Set(userIds)].filter((userId) => !present.has(userId));
  if (joiners.length === 0) return;
  if ((await group.count()) + joiners.length > group.row.max_members) throw new ParleyError('group_full');
  await lockJoiners(group.transaction, joiners);
  const joined_at = new Date(group.nowMs);
  const rows = joiners.map((user_id) => {
    group.change.record('member_added', { user_id, role: 'member', added_by: group.callerId, via });
    const joined_version = group.change.version;
    return { group_id: group.groupId, user_id, role: 'member' as const, joined_at, joined_version };
  });
  await group.transaction.insertInto('group_members').values(rows).execute();
}

/** Also for one who leaves; the last admin who goes hands the role to whoever has been in the longest. */
export async function removeMember(group: OpenedGroup, userId: string): Promise<void> {
  const role = await group.roleOf(userId);
  if (role === null) return;
  await group.transaction
    .deleteFrom('group_members')
    .where('group_id', '=', group.groupId)
    .where('user_id', '=', userId)
    .execute();
  if (role === 'admin' && (await group.count('admin')) === 0) await handOn(group, userId);
  group.change.record('member_removed', { user_id: userId, removed_by: group.callerId });
}

/** The group has no admin any more: whoever has been in the longest becomes one. Of an empty group the invite link ends. */
async function handOn(group: OpenedGroup, leaverId: string): Promise<void> {
  const heir = await group.transaction
    .selectFrom('group_members')
    .select('user_id')
    .where('group_id', '=', group.groupId)
    .orderBy('joined_version')
    .orderBy('user_id')
    .limit(1)
    .executeTakeFirst();
  if (heir === undefined) {
    await group.transaction.deleteFrom('group_invites').where('group_id', '=', group.groupId).execute();
    return;
  }
  await writeRole(group, heir.user_id, 'admin', leaverId);
}

/** @throws ParleyError `not_found` for one who is not in, `last_admin` */
export async function setRole(group: OpenedGroup, userId: string, role: MemberRole): Promise<void> {
  const before = await group.roleOf(userId);
  if (before === null) throw new ParleyError('not_found', { detail: 'no such member' });
  if (before === role) return;
  if (role === 'member' && (await group.count('admin')) === 1) throw new ParleyError('last_admin');
  await writeRole(group, userId, role, group.callerId);
}

/** The caller hands the role of an admin to another, and is a member from then on. @throws ParleyError `not_found` */
export async function transfer(group: OpenedGroup, userId: string): Promise<void> {
  if (userId === group.callerId) return;
  await setRole(group, userId, 'admin');
  await writeRole(group, group.callerId, 'member', group.callerId);
}

async function writeRole(group: OpenedGroup, userId: string, role: MemberRole, changedBy: string): Promise<void> {
  await group.transaction
    .updateTable('group_members')
    .set({ role })
    .where('group_id', '=', group.groupId)
    .where('user_id', '=', userId)
    .execute();
  group.change.record('member_role_changed', { user_id: userId, role, changed_by: changedBy });
}
