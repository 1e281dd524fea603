/**
 * Groups as the directory has them, and its outbox, into which every change is committed. The relays (`relay-process.ts`) tell the log.
 *
 * Now and then a mark is lost, so that an event is sent again after a later one.
 */

import type { DirectoryEventName } from '@parley/projections/directory/outbox/change';
import { MemoryOutbox } from '@parley/projections/directory/outbox/memory-outbox.fixture';
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import type { Clock } from '@parley/schemas/environment/clock';
import type { EventTypes, MemberRole, WhoMay } from '@parley/schemas/generated/events';
import { currentRules } from '@parley/streams/conversation/rules';
import type { SeededRandom } from '../environment/seeded-random.ts';

/** Under which directory events take no seq. */
const oldRules = 1;

/** A group as the directory has it. */
export class Group {
  readonly conversationId: string;
  readonly members = new Map<string, MemberRole>();
  whoMaySend: WhoMay = 'everyone';
  timerSeconds = 0;
  mlsGeneration = 0;
  version = 0;

  constructor(conversationId: string) {
    this.conversationId = conversationId;
  }

  maySpeak(userId: string): boolean {
    const role = this.members.get(userId);
    return role === 'admin' || (role === 'member' && this.whoMaySend === 'everyone');
  }
}

export class Relay {
  readonly outbox = new MemoryOutbox();
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  /** Told of every conversation that something was committed to. */
  readonly #committed: (conversationId: string) => void;
  readonly groups: Group[] = [];
  /** Of a mark to be lost. */
  repeats = 0;
  /** It is of a release before system messages: its events take no seq, and it knows no roles that change. */
  isOld = false;

  constructor(clock: Clock, random: SeededRandom, committed: (conversationId: string) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#committed = committed;
    this.outbox.forgets = () => (this.#random.chance(this.repeats) ? this.#random.between(1, 3) : 0);
  }

  get isIdle(): boolean {
    return this.outbox.isEmpty;
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

  setTimer(group: Group, timerSeconds: number, changedBy: string): void {
    group.timerSeconds = timerSeconds;
    this.#send(group, 'conversation_timer_changed', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      timer_seconds: timerSeconds,
      changed_by: changedBy,
      peer_id: null,
      rules_version: this.#rulesVersion,
    });
  }

  /** What the api answers: the log may not have it yet. */
  timerOf(conversationId: string): number {
    return this.groups.find((group) => group.conversationId === conversationId)?.timerSeconds ?? 0;
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

  #send<N extends DirectoryEventName>(group: Group, eventName: N, event: EventTypes[N]): void {
    const { conversationId, version } = group;
    this.outbox.commit(conversationId, { version, eventName, event }, this.#clock.nowMs());
    this.#committed(conversationId);
  }
}
