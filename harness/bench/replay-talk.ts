/**
 * What the people of a cell said, as events for its log.
 *
 * They talk in spells: so many messages are said in a conversation one after the other, while others have theirs at the same time, and
 * everybody's turn comes before anybody's comes again. How many spells go on at once does not depend on how many people there are, as in life: a busier hour has more of them,
 * a greater town spreads them over more streets. Every message has a delivered receipt, every second one a read receipt.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { topics } from '@parley/streams/log/topics';
import { SeededRandom } from '../sim/environment/seeded-random.ts';

export interface SaidEvent {
  readonly topic: string;
  readonly key: string;
  readonly partitionKey: string;
  readonly value: Buffer;
  readonly timestampMs: number;
}

export interface TalkOptions {
  readonly codec: EventCodec;
  readonly users: number;
  readonly startMs: number;
}

interface Conversation {
  readonly id: string;
  readonly members: readonly string[];
  readonly isGroup: boolean;
  said: number;
}

/** Between two messages, whoever says them. */
export const messageEveryMs = 100;
const spellsAtOnce = 64;
const messagesPerSpell = 8;
const groupMembers = 8;
const partInGroups = 0.2;
const bodyBytes = 200;
/** A prime, so that it goes past everybody and neighbours do not follow each other. */
const stride = 7_919;

export class ReplayTalk {
  readonly #codec: EventCodec;
  readonly #random = new SeededRandom(1, 'replay benchmark');
  readonly #users: readonly string[];
  readonly #conversations = new Map<string, Conversation>();
  readonly #spells: { conversation: Conversation; left: number }[] = [];
  /** Ciphertext is as random as this; which part of it does not matter. */
  readonly #bodies: Uint8Array;
  #begun = 0;
  /** Of an exchange that was begun. */
  #waiting: SaidEvent[] = [];
  #nowMs: number;

  constructor({ codec, users, startMs }: TalkOptions) {
    this.#codec = codec;
    this.#users = Array.from({ length: users }, () => this.#random.uuid());
    this.#bodies = this.#random.bytes(1 << 16);
    this.#nowMs = startMs;
  }

  /** Conversations that anything was said in. */
  get conversations(): number {
    return this.#conversations.size;
  }

  /** The next so many events. */
  *say(count: number): Generator<SaidEvent> {
    for (let left = count; left > 0; left--) {
      if (this.#waiting.length === 0) this.#waiting = this.#exchange();
      yield this.#waiting.shift()!;
    }
  }

  #exchange(): SaidEvent[] {
    this.#nowMs += messageEveryMs;
    const at = Math.floor(this.#random.next() * spellsAtOnce);
    let spell = this.#spells[at];
    const events: SaidEvent[] = [];
    if (spell === undefined || spell.left === 0) {
      spell = { conversation: this.#next(events), left: messagesPerSpell };
      this.#spells[at] = spell;
    }
    spell.left -= 1;
    const { conversation } = spell;
    const from = Math.floor(this.#random.next() * conversation.members.length);
    const [sender, recipient] = [from, (from + 1) % conversation.members.length].map(
      (one) => conversation.members[one]!,
    );
    conversation.said += 1;
    events.push(this.#message(conversation, sender!, recipient!), this.#receipt(conversation, recipient!, 'delivered'));
    if (conversation.said % 2 === 0) events.push(this.#receipt(conversation, recipient!, 'read'));
    return events;
  }

  /** Everybody has a conversation with the next one, and so many are in a group. */
  #next(events: SaidEvent[]): Conversation {
    const first = (this.#begun++ * stride) % this.#users.length;
    const isGroup = this.#random.chance(partInGroups);
    const place = isGroup ? Math.floor(first / groupMembers) * groupMembers : first;
    const name = `${isGroup}/${place}`;
    const known = this.#conversations.get(name);
    if (known !== undefined) return known;
    const members = Array.from(
      { length: isGroup ? groupMembers : 2 },
      (_, index) => this.#users[(place + index) % this.#users.length]!,
    );
    const id = isGroup ? this.#random.uuid() : directConversationId(members[0]!, members[1]!);
    const conversation = { id, members, isGroup, said: 0 };
    this.#conversations.set(name, conversation);
    if (isGroup) events.push(this.#created(conversation));
    return conversation;
  }

  #created({ id, members }: Conversation): SaidEvent {
    const [admin] = members;
    const value = this.#codec.encode('conversation_created', {
      ...{ conversation_id: id, directory_version: 1, created_by: admin!, rules_version: 1 },
      ...{ title: null, description: null, picture_url: null, who_may_send: 'everyone', who_may_edit: 'everyone' },
      members: members.map((user_id) => ({ user_id, role: user_id === admin ? 'admin' : 'member' })),
    });
    return this.#event(topics.messages, id, id, value);
  }

  #message({ id, isGroup }: Conversation, sender: string, peer: string): SaidEvent {
    const bodyAt = Math.floor(this.#random.next() * (this.#bodies.length - bodyBytes));
    const value = this.#codec.encode('message_sent', {
      ...{ conversation_id: id, peer_id: isGroup ? null : peer, sender_id: sender, sender_device_id: sender },
      ...{ message_id: makeMessageId(this.#nowMs, this.#random), message_type: 'text', preview: 'hello' },
      encrypted_body: Buffer.from(this.#bodies.subarray(bodyAt, bodyAt + bodyBytes)),
      ...{ media_url: null, thumbnail_url: null, reply_to: null, target: null, rules_version: 1 },
      ...{ timer_seconds: 0, sealed_content: null, mls: null },
    });
    return this.#event(topics.messages, id, id, value);
  }

  #receipt({ id, said }: Conversation, userId: string, kind: 'delivered' | 'read'): SaidEvent {
    const value = this.#codec.encode('receipt_advanced', {
      ...{ conversation_id: id, user_id: userId, device_id: userId, kind },
      ...{ seq: said, ordinal: said, at_ms: this.#nowMs },
    });
    return this.#event(topics.receipts, `${id}:${userId}:${kind}`, id, value);
  }

  #event(topic: string, key: string, partitionKey: string, value: Buffer): SaidEvent {
    return { topic, key, partitionKey, value, timestampMs: this.#nowMs };
  }
}
