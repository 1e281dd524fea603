/**
 * The directory's relay: appends what happens to groups, in the order of each group's versions, again and again until it is there.
 *
 * It never dies here: what a relay that died sends again, this one sends again by chance.
 */

import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import { pause } from '@parley/schemas/environment/clock';
import type { EventTypes, MemberRole, WhoMay } from '@parley/schemas/generated/events';
import { currentRules } from '@parley/streams/conversation/rules';
import { appendAll } from '@parley/streams/log/append-all';
import type { Log } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';

type DirectoryEventName =
  | 'conversation_created'
  | 'conversation_changed'
  | 'member_added'
  | 'member_removed'
  | 'member_role_changed'
  | 'mls_generation_opened';

/** Under which directory events take no seq. */
const oldRules = 1;

interface Outgoing {
  readonly conversationId: string;
  readonly value: Buffer;
}

/** A group as the directory has it. */
export class Group {
  readonly conversationId: string;
  readonly members = new Map<string, MemberRole>();
  whoMaySend: WhoMay = 'everyone';
  mlsGeneration = 0;
  version = 0;
  /** Appends under way, one after the other. */
  queue: Promise<void> = Promise.resolve();
  unsent = 0;
  readonly sent: Outgoing[] = [];

  constructor(conversationId: string) {
    this.conversationId = conversationId;
  }

  maySpeak(userId: string): boolean {
    const role = this.members.get(userId);
    return role === 'admin' || (role === 'member' && this.whoMaySend === 'everyone');
  }
}

const retryMs = 500;

export class Relay {
  readonly #log: Log;
  readonly #codec: EventCodec;
  readonly #life: Life;
  readonly #random: SeededRandom;
  readonly groups: Group[] = [];
  /** Of an event to be sent twice, and of an earlier one to be sent once more after it. */
  repeats = 0;
  /** It is of a release before system messages: its events take no seq, and it knows no roles that change. */
  isOld = false;

  constructor(life: Life, log: Log, codec: EventCodec, random: SeededRandom) {
    this.#life = life;
    this.#log = log;
    this.#codec = codec;
    this.#random = random;
  }

  get isIdle(): boolean {
    return this.groups.every(({ unsent }) => unsent === 0);
  }

  get #rulesVersion(): number {
    return this.isOld ? oldRules : currentRules.version;
  }

  create(createdBy: string, others: readonly string[], title: string | null, whoMaySend: WhoMay): Group {
    const group = new Group(this.#random.uuid());
    this.groups.push(group);
    group.members.set(createdBy, 'admin');
    group.whoMaySend = this.isOld ? 'everyone' : whoMaySend;
    for (const userId of others) group.members.set(userId, 'member');
    this.#send(group, 'conversation_created', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      created_by: createdBy,
      members: [...group.members].map(([user_id, role]) => ({ user_id, role })),
      rules_version: this.#rulesVersion,
      ...untitledGroup,
      ...(this.isOld ? {} : { title, who_may_send: whoMaySend }),
    });
    return group;
  }

  add(group: Group, userId: string, addedBy: string): void {
    group.members.set(userId, 'member');
    this.#send(group, 'member_added', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      user_id: userId,
      role: 'member',
      added_by: addedBy,
      via: 'added',
      rules_version: this.#rulesVersion,
    });
  }

  remove(group: Group, userId: string, removedBy: string): void {
    group.members.delete(userId);
    this.#send(group, 'member_removed', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      user_id: userId,
      removed_by: removedBy,
      rules_version: this.#rulesVersion,
    });
  }

  changeRole(group: Group, userId: string, role: MemberRole, changedBy: string): void {
    group.members.set(userId, role);
    this.#send(group, 'member_role_changed', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      user_id: userId,
      role,
      changed_by: changedBy,
      rules_version: this.#rulesVersion,
    });
  }

  /** Settings, or anything else about the group. */
  change(group: Group, changedBy: string, about: { title: string } | { whoMaySend: WhoMay }): void {
    if ('whoMaySend' in about) group.whoMaySend = about.whoMaySend;
    this.#send(group, 'conversation_changed', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      changed_by: changedBy,
      title: 'title' in about ? about.title : null,
      who_may_send: 'whoMaySend' in about ? about.whoMaySend : null,
      ...{ description: null, picture_url: null, who_may_edit: null },
      rules_version: this.#rulesVersion,
    });
  }

  /** As an admin does who knows where the group is, or thinks of the generation before. */
  endMlsGeneration(group: Group, openedBy: string, isLate: boolean): void {
    const from_generation = isLate ? group.mlsGeneration - 1 : group.mlsGeneration++;
    this.#send(group, 'mls_generation_opened', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      from_generation,
      opened_by: openedBy,
      rules_version: this.#rulesVersion,
    });
  }

  #send<N extends DirectoryEventName>(group: Group, name: N, event: EventTypes[N]): void {
    const outgoing = { conversationId: group.conversationId, value: this.#codec.encode(name, event) };
    group.unsent++;
    group.queue = group.queue.then(async () => {
      do await this.#append(outgoing);
      while (this.#random.chance(this.repeats));
      group.sent.push(outgoing);
      if (this.#random.chance(this.repeats)) await this.#append(this.#random.pick(group.sent));
      group.unsent--;
    });
  }

  async #append({ conversationId, value }: Outgoing): Promise<void> {
    for (;;) {
      try {
        await appendAll(this.#log, [
          { topic: topics.messages, key: conversationId, value, timestampMs: this.#life.nowMs() },
        ]);
        return;
      } catch {
        await pause(this.#life, retryMs); // The log does not say that it has it: sent again, under the same version.
      }
    }
  }
}
