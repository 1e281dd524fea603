/**
 * Groups over HTTP: made, changed, joined and left. What happens in one comes as messages, also what its members do to it.
 *
 *   const groups = new GroupsApi(url, credentials, random);
 *   const { groupId } = await groups.make({ title: 'Weekend Hike', memberIds: [bob, cleo] });
 *   await client.send({ conversationId: groupId, encryptedBody });
 *
 * A change carries a key of its own, so that a call whose answer was lost is made again without being done again: the same call with
 * the same key (`requestKey`). The calls here repeat themselves so, a few times, while the network or the server is away.
 */
import type { Random } from '@parley/schemas/environment/random';
import { hasCode } from '@parley/schemas/errors/parley-error';
import type { MemberRole, WhoMay } from '@parley/schemas/generated/events';
import { type ApiCall, callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

export interface GroupSettings {
  readonly title: string;
  readonly description: string | null;
  readonly pictureUrl: string | null;
  readonly whoMaySend: WhoMay;
  readonly whoMayEdit: WhoMay;
  readonly maxMembers: number;
}

export type NewGroup = Pick<GroupSettings, 'title'> &
  Partial<GroupSettings> & { readonly memberIds: readonly string[] };

export interface GroupMember {
  readonly userId: string;
  readonly displayName: string;
  readonly role: MemberRole;
  readonly joinedAtMs: number;
}

export interface Group extends GroupSettings {
  readonly groupId: string;
  readonly version: number;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** Those who have been in the longest come first. */
  readonly members: readonly GroupMember[];
}

export interface GroupSummary {
  readonly groupId: string;
  readonly version: number;
  readonly title: string;
  readonly pictureUrl: string | null;
  /** The caller's. */
  readonly role: MemberRole;
}

export interface ChangedGroup {
  readonly groupId: string;
  readonly version: number;
  /** False: the change is made, and on its way into the conversation. */
  readonly isSettled: boolean;
}

interface SettingsAnswer {
  title: string;
  description: string | null;
  picture_url: string | null;
  who_may_send: WhoMay;
  who_may_edit: WhoMay;
  max_members: number;
}

interface GroupAnswer extends SettingsAnswer {
  group_id: string;
  version: number;
  created_by: string;
  created_at_ms: number;
  members: { user_id: string; display_name: string; role: MemberRole; joined_at_ms: number }[];
}

interface PageAnswer {
  groups: { group_id: string; version: number; title: string; picture_url: string | null; role: MemberRole }[];
  next: string | null;
}

const keyBytes = 16;
const maxTries = 3;

const settingsBody = (settings: Partial<GroupSettings>): Partial<SettingsAnswer> => ({
  ...(settings.title === undefined ? {} : { title: settings.title }),
  ...(settings.description === undefined ? {} : { description: settings.description }),
  ...(settings.pictureUrl === undefined ? {} : { picture_url: settings.pictureUrl }),
  ...(settings.whoMaySend === undefined ? {} : { who_may_send: settings.whoMaySend }),
  ...(settings.whoMayEdit === undefined ? {} : { who_may_edit: settings.whoMayEdit }),
  ...(settings.maxMembers === undefined ? {} : { max_members: settings.maxMembers }),
});

export class GroupsApi {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;
  readonly #random: Random;

  constructor(baseUrl: string, credentials: Credentials, random: Random) {
    this.#baseUrl = baseUrl;
    this.#credentials = credentials;
    this.#random = random;
  }

  /** The caller is its admin. @throws ParleyError `group_full`, `user_unknown`, `too_many_groups` */
  make({ memberIds, ...settings }: NewGroup, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('POST', '/v1/groups', requestKey, { ...settingsBody(settings), member_ids: memberIds });
  }

  /** @throws ParleyError `not_found` to one who is not in it */
  async get(groupId: string): Promise<Group> {
    const answer = await this.#call<GroupAnswer>({ method: 'GET', path: `/v1/groups/${groupId}` });
    return {
      groupId,
      version: answer.version,
      title: answer.title,
      description: answer.description,
      pictureUrl: answer.picture_url,
      whoMaySend: answer.who_may_send,
      whoMayEdit: answer.who_may_edit,
      maxMembers: answer.max_members,
      createdBy: answer.created_by,
      createdAtMs: answer.created_at_ms,
      members: answer.members.map((member) => ({
        userId: member.user_id,
        displayName: member.display_name,
        role: member.role,
        joinedAtMs: member.joined_at_ms,
      })),
    };
  }

  /** All groups that the caller is in, page by page. */
  async list(): Promise<GroupSummary[]> {
    const groups: GroupSummary[] = [];
    for (let after: string | null = null; ; ) {
      const query: string = after === null ? '' : `?after=${after}`;
      const page: PageAnswer = await this.#call<PageAnswer>({ method: 'GET', path: `/v1/groups${query}` });
      for (const { group_id, version, title, picture_url, role } of page.groups) {
        groups.push({ groupId: group_id, version, title, pictureUrl: picture_url, role });
      }
      after = page.next;
      if (after === null) return groups;
    }
  }

  /** What is left out stays. @throws ParleyError `not_found`, `forbidden`, `group_full` */
  change(groupId: string, settings: Partial<GroupSettings>, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('PATCH', `/v1/groups/${groupId}`, requestKey, settingsBody(settings));
  }

  /** @throws ParleyError `not_found`, `forbidden`, `group_full`, `user_unknown`, `too_many_groups` */
  add(groupId: string, userIds: readonly string[], requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('POST', `/v1/groups/${groupId}/members`, requestKey, { user_ids: userIds });
  }

  /** Oneself: leaves. @throws ParleyError `not_found`, `forbidden` */
  remove(groupId: string, userId: string, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('DELETE', `/v1/groups/${groupId}/members/${userId}`, requestKey);
  }

  leave(groupId: string, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.remove(groupId, this.#credentials.userId, requestKey);
  }

  /** @throws ParleyError `not_found`, `forbidden`, `last_admin` */
  setRole(groupId: string, userId: string, role: MemberRole, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('PUT', `/v1/groups/${groupId}/members/${userId}/role`, requestKey, { role });
  }

  /** The caller hands the role of an admin over. @throws ParleyError `not_found`, `forbidden` */
  transfer(groupId: string, userId: string, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('POST', `/v1/groups/${groupId}/transfer`, requestKey, { user_id: userId });
  }

  /** For admins: ends the MLS group of a generation. @throws ParleyError `not_found`, `forbidden` */
  openMlsGeneration(groupId: string, fromGeneration: number, requestKey = this.makeKey()): Promise<ChangedGroup> {
    const body = { from_generation: fromGeneration };
    return this.#change('POST', `/v1/groups/${groupId}/mls-generations`, requestKey, body);
  }

  /** The token of a new link; the one before is no good any more. @throws ParleyError `not_found`, `forbidden` */
  async makeInvite(groupId: string): Promise<string> {
    const path = `/v1/groups/${groupId}/invite`;
    return (await this.#call<{ token: string }>({ method: 'POST', path })).token;
  }

  /** The token of the link. @throws ParleyError `not_found` also if there is none, `forbidden` */
  async invite(groupId: string): Promise<string> {
    const path = `/v1/groups/${groupId}/invite`;
    return (await this.#call<{ token: string }>({ method: 'GET', path })).token;
  }

  /** @throws ParleyError `not_found`, `forbidden` */
  async revokeInvite(groupId: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/v1/groups/${groupId}/invite` });
  }

  /** Joins by the token of a link. @throws ParleyError `invite_invalid`, `group_full`, `too_many_groups` */
  join(token: string, requestKey = this.makeKey()): Promise<ChangedGroup> {
    return this.#change('POST', '/v1/invites/join', requestKey, { token });
  }

  /** For a call that the application itself may make again, also after a restart. */
  makeKey(): string {
    return Buffer.from(this.#random.bytes(keyBytes)).toString('hex');
  }

  async #change(method: ApiCall['method'], path: string, requestKey: string, body?: object): Promise<ChangedGroup> {
    const call = { method, path, requestKey, ...(body === undefined ? {} : { body }) };
    for (let tried = 1; ; tried++) {
      try {
        const answer = await this.#call<{ group_id: string; version: number; settled: boolean }>(call);
        return { groupId: answer.group_id, version: answer.version, isSettled: answer.settled };
      } catch (error) {
        if (tried === maxTries || !mayBeDone(error)) throw error;
      }
    }
  }

  async #call<T>(call: ApiCall): Promise<T> {
    return callApi<T>(this.#baseUrl, { ...call, accessToken: await this.#credentials.accessToken(false) });
  }
}

/** The answer was lost, or says that nobody knows: it may have been done, and can be asked for again. */
function mayBeDone(error: unknown): boolean {
  // What fetch throws when there is no answer at all.
  return error instanceof TypeError || hasCode(error, 'internal') || (error as Error).name === 'TimeoutError';
}
