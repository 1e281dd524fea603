/** What is asked about groups without changing them. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql } from 'kysely';
import type { DirectoryDatabase } from '../database.ts';
import type { Group, GroupMember, GroupSummary, Page } from './group.ts';

export class GroupReading {
  readonly #database: DirectoryDatabase;

  constructor(database: DirectoryDatabase) {
    this.#database = database;
  }

  /** As one of its members sees it, in one statement, hence at one moment. @throws ParleyError `not_found` to everybody else */
  async group(userId: string, groupId: string): Promise<Group> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('groups')
        .innerJoin('conversations', 'conversations.conversation_id', 'groups.group_id')
        .innerJoin('group_members', 'group_members.group_id', 'groups.group_id')
        .innerJoin('users', 'users.user_id', 'group_members.user_id')
        .selectAll('groups')
        .select(['version', 'group_members.user_id', 'role', 'joined_at', 'display_name'])
        .where('groups.group_id', '=', groupId)
        .orderBy('joined_version')
        .orderBy('group_members.user_id')
        .execute(),
    );
    const [group] = rows;
    if (group === undefined || !rows.some((row) => row.user_id === userId)) throw new ParleyError('not_found');
    const members: GroupMember[] = rows.map((row) => ({
      userId: row.user_id,
      displayName: row.display_name,
      role: row.role,
      joinedAtMs: row.joined_at.getTime(),
    }));
    return {
      groupId,
      version: group.version,
      title: group.title,
      description: group.description,
      pictureUrl: group.picture_url,
      whoMaySend: group.who_may_send,
      whoMayEdit: group.who_may_edit,
      maxMembers: group.max_members,
      createdBy: group.created_by,
      createdAtMs: group.created_at.getTime(),
      members,
    };
  }

  /** The groups that a user is in, by id. */
  async groupsOf(userId: string, after: string | null, limit: number): Promise<Page<GroupSummary>> {
    const rows = await this.#database.run((db) => {
      const all = db
        .selectFrom('group_members')
        .innerJoin('groups', 'groups.group_id', 'group_members.group_id')
        .innerJoin('conversations', 'conversations.conversation_id', 'group_members.group_id')
        .select(['group_members.group_id', 'version', 'title', 'picture_url', 'role'])
        .where('group_members.user_id', '=', userId);
      const some = after === null ? all : all.where('group_members.group_id', '>', after);
      return some
        .orderBy('group_members.group_id')
        .limit(limit + 1)
        .execute();
    });
    const items = rows.slice(0, limit).map((row) => ({
      groupId: row.group_id,
      version: row.version,
      title: row.title,
      pictureUrl: row.picture_url,
      role: row.role,
    }));
    return { items, next: rows.length > limit ? items.at(-1)!.groupId : null };
  }

  /** Who is in a group, by id, for those inside the cell who need no permission. @throws ParleyError `not_found` */
  async memberIds(groupId: string, after: string | null, limit: number): Promise<Page<string>> {
    return this.#database.run(async (db) => {
      const group = await db
        .selectFrom('groups')
        .select(sql<number>`1`.as('one'))
        .where('group_id', '=', groupId)
        .executeTakeFirst();
      if (group === undefined) throw new ParleyError('not_found');
      const all = db.selectFrom('group_members').select('user_id').where('group_id', '=', groupId);
      const some = after === null ? all : all.where('user_id', '>', after);
      const rows = await some
        .orderBy('user_id')
        .limit(limit + 1)
        .execute();
      const items = rows.slice(0, limit).map((row) => row.user_id);
      return { items, next: rows.length > limit ? items.at(-1)! : null };
    });
  }
}
