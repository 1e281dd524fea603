/**
 * Groups: what their members do to them, each as one transaction under the lock of the group's conversation (design rule 20).
 *
 * A transaction checks who asks, changes the rows, and lays the events of the change into the outbox under the group's next versions.
 * What it resolves to is committed; the relay tells the log. A request that comes again, known by its key, changes nothing and
 * resolves to the group's version; so does one that finds everything as it wants it.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { MemberRole } from '@parley/schemas/generated/events';
import type { Transaction } from 'kysely';
import { v4 as uuid } from 'uuid';
import type { DirectoryDatabase } from '../database.ts';
import { ConversationChange } from '../outbox/change.ts';
import { doneBefore } from '../requests.ts';
import type { DirectoryTables } from '../tables.ts';
import type { Asker, ChangedGroup, NewGroup } from './group.ts';
import { groupOfToken, type Invite, Invites } from './invites.ts';
import { addMembers, removeMember, setRole, transfer } from './membership.ts';
import { lockJoiners, OpenedGroup } from './opened-group.ts';
import { GroupReading } from './reading.ts';
import { changeSettings, type SettingChanges } from './settings.ts';

export interface GroupsOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly random: Random;
  /** Makes the tokens of invite links; not kept in the database. */
  readonly secret: Uint8Array;
}

const uuidBytes = 16;

export class Groups {
  readonly reading: GroupReading;
  readonly #options: GroupsOptions;
  readonly #invites: Invites;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.reading = new GroupReading(options.database);
    this.#invites = new Invites(options.secret);
  }

  /**
   * Who makes it is its admin. The id is random, hence never version 5 as those of 1:1 conversations are.
   * @throws ParleyError `group_full`, `user_unknown`, `too_many_groups`, `request_key_reused`
   */
  async create(asker: Asker, group: NewGroup): Promise<ChangedGroup> {
    const { database, clock } = this.#options;
    const groupId = this.#drawUuid();
    const nowMs = clock.nowMs();
    return database.transaction(async (transaction) => {
      const asked = ['create', group];
      const request = { userId: asker.userId, key: asker.requestKey, conversationId: groupId, asked };
      const before = await doneBefore(transaction, request, nowMs);
      if (before !== null) return { groupId: before, version: await versionOf(transaction, before) };
      return { groupId, version: await insertGroup(transaction, { ...group, groupId }, asker.userId, nowMs) };
    });
  }

  /** @throws ParleyError `not_found`, `forbidden`, `group_full`, `request_key_reused` */
  change(asker: Asker, groupId: string, changes: SettingChanges): Promise<ChangedGroup> {
    return this.#open(asker, groupId, ['change', changes], (group) => changeSettings(group, changes));
  }

  /** @throws ParleyError `not_found`, `forbidden`, `group_full`, `user_unknown`, `too_many_groups`, `request_key_reused` */
  add(asker: Asker, groupId: string, userIds: readonly string[]): Promise<ChangedGroup> {
    return this.#open(asker, groupId, ['add', userIds], (group) => {
      group.requireAdmin();
      return addMembers(group, userIds, 'added');
    });
  }

  /** Admins remove anybody, everybody may leave. @throws ParleyError `not_found`, `forbidden`, `request_key_reused` */
  remove(asker: Asker, groupId: string, userId: string): Promise<ChangedGroup> {
    return this.#open(asker, groupId, ['remove', userId], (group) => {
      if (userId === asker.userId) group.requireMember();
      else group.requireAdmin();
      return removeMember(group, userId);
    });
  }

  /** @throws ParleyError `not_found`, `forbidden`, `last_admin`, `request_key_reused` */
  setRole(asker: Asker, groupId: string, userId: string, role: MemberRole): Promise<ChangedGroup> {
    return this.#open(asker, groupId, ['role', userId, role], (group) => {
      group.requireAdmin();
      return setRole(group, userId, role);
    });
  }

  /** @throws ParleyError `not_found`, `forbidden`, `request_key_reused` */
  transfer(asker: Asker, groupId: string, userId: string): Promise<ChangedGroup> {
    return this.#open(asker, groupId, ['transfer', userId], (group) => {
      group.requireAdmin();
      return transfer(group, userId);
    });
  }

  /**
   * Ends the MLS group of a generation (design rule 22); the fold passes over what another admin has ended already.
   * @throws ParleyError `not_found`, `forbidden`, `request_key_reused`
   */
  openMlsGeneration(asker: Asker, groupId: string, fromGeneration: number): Promise<ChangedGroup> {
    return this.#open(asker, groupId, ['mls', fromGeneration], async (group) => {
      group.requireAdmin();
      group.change.record('mls_generation_opened', { opened_by: asker.userId, from_generation: fromGeneration });
    });
  }

  /** Joins by a link. @throws ParleyError `invite_invalid`, `group_full`, `too_many_groups`, `request_key_reused` */
  async join(asker: Asker, token: string): Promise<ChangedGroup> {
    const groupId = await this.#options.database.run((db) => groupOfToken(db, token));
    if (groupId === null) throw new ParleyError('invite_invalid');
    return this.#open(asker, groupId, ['join', token], async (group) => {
      if ((await groupOfToken(group.transaction, token)) !== groupId) throw new ParleyError('invite_invalid');
      await addMembers(group, [asker.userId], 'invite_link');
    });
  }

  /** A new link; the one before is no good any more. @throws ParleyError `not_found`, `forbidden` */
  makeInvite(userId: string, groupId: string): Promise<Invite> {
    const inviteId = this.#drawUuid();
    return this.#asAdmin(userId, groupId, (group) => this.#invites.replace(group, inviteId));
  }

  /** @throws ParleyError `not_found`, also if there is none; `forbidden` */
  invite(userId: string, groupId: string): Promise<Invite> {
    return this.#asAdmin(userId, groupId, (group) => this.#invites.current(group));
  }

  /** @throws ParleyError `not_found`, `forbidden` */
  revokeInvite(userId: string, groupId: string): Promise<void> {
    return this.#asAdmin(userId, groupId, (group) => this.#invites.revoke(group));
  }

  /** One change of a group with its events. */
  async #open(
    asker: Asker,
    groupId: string,
    asked: readonly unknown[],
    work: (group: OpenedGroup) => Promise<void>,
  ): Promise<ChangedGroup> {
    const { database, clock } = this.#options;
    const nowMs = clock.nowMs();
    return database.transaction(async (transaction) => {
      const group = await OpenedGroup.open(transaction, groupId, asker.userId, nowMs);
      const request = {
        userId: asker.userId,
        key: asker.requestKey,
        conversationId: groupId,
        asked: [groupId, ...asked],
      };
      if ((await doneBefore(transaction, request, nowMs)) === null) await work(group);
      return { groupId, version: await group.change.save(nowMs) };
    });
  }

  /** What concerns a group but not its conversation. */
  #asAdmin<T>(userId: string, groupId: string, work: (group: OpenedGroup) => Promise<T>): Promise<T> {
    const nowMs = this.#options.clock.nowMs();
    return this.#options.database.transaction(async (transaction) => {
      const group = await OpenedGroup.open(transaction, groupId, userId, nowMs);
      group.requireAdmin();
      return work(group);
    });
  }

  #drawUuid(): string {
    return uuid({ random: this.#options.random.bytes(uuidBytes) });
  }
}

async function versionOf(transaction: Transaction<DirectoryTables>, conversationId: string): Promise<number> {
  const row = await transaction
    .selectFrom('conversations')
    .select('version')
    .where('conversation_id', '=', conversationId)
    .executeTakeFirstOrThrow();
  return row.version;
}

async function insertGroup(
  transaction: Transaction<DirectoryTables>,
  group: NewGroup & { readonly groupId: string },
  creatorId: string,
  nowMs: number,
): Promise<number> {
  const { groupId } = group;
  const userIds = [creatorId, ...new Set(group.memberIds.filter((userId) => userId !== creatorId))];
  if (userIds.length > group.maxMembers) throw new ParleyError('group_full');
  await lockJoiners(transaction, userIds);
  const change = await ConversationChange.create(transaction, groupId, 'group', nowMs);
  const at = new Date(nowMs);
  const said = {
    title: group.title,
    description: group.description,
    picture_url: group.pictureUrl,
    who_may_send: group.whoMaySend,
    who_may_edit: group.whoMayEdit,
  };
  await transaction
    .insertInto('groups')
    .values({ group_id: groupId, ...said, max_members: group.maxMembers, created_by: creatorId, created_at: at })
    .execute();
  const members = userIds.map((user_id) => ({
    user_id,
    role: user_id === creatorId ? ('admin' as const) : ('member' as const),
  }));
  change.record('conversation_created', { created_by: creatorId, members, ...said });
  await transaction
    .insertInto('group_members')
    .values(members.map((member) => ({ group_id: groupId, ...member, joined_at: at, joined_version: change.version })))
    .execute();
  return change.save(nowMs);
}
