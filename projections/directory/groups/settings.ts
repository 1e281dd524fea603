/** Title, description, picture and settings of a group, and who may change which. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { GroupSettings } from './group.ts';
import type { OpenedGroup } from './opened-group.ts';

/** What is absent stays as it is. */
export type SettingChanges = Partial<GroupSettings>;

/** Title, description and picture follow `whoMayEdit`, the rest is for admins. @throws ParleyError `not_found`, `forbidden`, `group_full` */
export async function changeSettings(group: OpenedGroup, changes: SettingChanges): Promise<void> {
  const { whoMaySend, whoMayEdit, maxMembers } = changes;
  group.requireMember();
  const isForAdmins = whoMaySend !== undefined || whoMayEdit !== undefined || maxMembers !== undefined;
  if (isForAdmins || group.row.who_may_edit === 'admins') group.requireAdmin();
  if (maxMembers !== undefined && (await group.count()) > maxMembers) throw new ParleyError('group_full');
  const { row } = group;
  const values = {
    title: changes.title ?? row.title,
    description: changes.description === undefined ? row.description : changes.description,
    picture_url: changes.pictureUrl === undefined ? row.picture_url : changes.pictureUrl,
    who_may_send: whoMaySend ?? row.who_may_send,
    who_may_edit: whoMayEdit ?? row.who_may_edit,
    max_members: maxMembers ?? row.max_members,
  };
  await group.transaction.updateTable('groups').set(values).where('group_id', '=', group.groupId).execute();
  const changed = {
    title: values.title === row.title ? null : values.title,
    description: values.description === row.description ? null : (values.description ?? ''),
    picture_url: values.picture_url === row.picture_url ? null : (values.picture_url ?? ''),
    who_may_send: values.who_may_send === row.who_may_send ? null : values.who_may_send,
    who_may_edit: values.who_may_edit === row.who_may_edit ? null : values.who_may_edit,
  };
  // How many may be in is no concern of the conversation.
  if (Object.values(changed).every((value) => value === null)) return;
  group.change.record('conversation_changed', { changed_by: group.callerId, ...changed });
}
