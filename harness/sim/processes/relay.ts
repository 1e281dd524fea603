/**
 * The directory's relay: appends what happens to groups, in the order of each group's versions, again and again until it is there.
 *
 * It never dies here: what a relay that died sends again, this one sends again by chance.
 */

import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import { pause } from '@parley/schemas/environment/clock';
import type { EventTypes, MemberRole } from '@parley/schemas/generated/events';
import { appendAll } from '@parley/streams/log/append-all';
import type { Log } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';

type DirectoryEventName = 'conversation_created' | 'member_added' | 'member_removed';

interface Outgoing {
  readonly conversationId: string;
  readonly value: Buffer;
}

/** A group as the directory has it. */
export class Group {
  readonly conversationId: string;
  readonly members = new Map<string, MemberRole>();
  version = 0;
  /** Appends under way, one after the other. */
  queue: Promise<void> = Promise.resolve();
  unsent = 0;
  readonly sent: Outgoing[] = [];

  constructor(conversationId: string) {
    this.conversationId = conversationId;
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

  constructor(life: Life, log: Log, codec: EventCodec, random: SeededRandom) {
    this.#life = life;
    this.#log = log;
    this.#codec = codec;
    this.#random = random;
  }

  get isIdle(): boolean {
    return this.groups.every(({ unsent }) => unsent === 0);
  }

  create(createdBy: string, others: readonly string[]): Group {
    const group = new Group(this.#random.uuid());
    this.groups.push(group);
    group.members.set(createdBy, 'admin');
    for (const userId of others) group.members.set(userId, 'member');
    this.#send(group, 'conversation_created', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      created_by: createdBy,
      members: [...group.members].map(([user_id, role]) => ({ user_id, role })),
      rules_version: 1,
      ...untitledGroup,
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
      rules_version: 1,
    });
  }

  remove(group: Group, userId: string, removedBy: string): void {
    group.members.delete(userId);
    this.#send(group, 'member_removed', {
      conversation_id: group.conversationId,
      directory_version: ++group.version,
      user_id: userId,
      removed_by: removedBy,
      rules_version: 1,
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
