/**
 * Unread is what a recount gives, whatever happens in whatever order: sends, reads, marks, clears, joinings and leavings through the
 * fold, the rows and the receipts of production, in batches cut anywhere, the receipts' sometimes twice (invariant 6).
 *
 * The recount knows the messages and what each user read, wrote and cleared; it knows no ordinals and no rows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unreadCount } from '@parley/projections/inbox/store';
import { openEmbeddedProjections } from '@parley/projections/lmdb/projections';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { EventName, EventTypes, MessageType } from '@parley/schemas/generated/events';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { isCountable } from '@parley/streams/conversation/rules';
import type { BatchHandler, LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../sim/environment/seeded-random.ts';
import { handlersOn } from '../sim/rebuild.ts';

const operations = 10_000;
const codec = new EventCodec(new EmbeddedSchemas());

interface Message {
  readonly senderId: string;
  readonly type: MessageType | 'system';
  readonly ordinal: number;
}

/** One group, as its log says that it is. */
class Talk {
  readonly messages: Message[] = [];
  /** The first seq that a member sees. */
  readonly joined = new Map<string, number>();
  readonly read = new Map<string, number>();
  readonly cleared = new Map<string, number>();
  version = 0;
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  add(senderId: string, type: Message['type']): void {
    const before = this.messages.at(-1)?.ordinal ?? 0;
    this.messages.push({ senderId, type, ordinal: before + (isCountable(type) ? 1 : 0) });
  }

  recount(userId: string): number {
    const own = this.messages.findLastIndex(({ senderId, type }) => senderId === userId && type !== 'system') + 1;
    const joined = this.joined.get(userId)!;
    const since = Math.max(joined - 1, own, this.read.get(userId) ?? 0, this.cleared.get(userId) ?? 0);
    return this.messages.filter(({ type }, index) => index + 1 > since && isCountable(type)).length;
  }
}

class Story {
  readonly random: SeededRandom;
  readonly time = new VirtualTime(1_800_000_000_000, { settle: () => settle(20) });
  readonly users: string[];
  readonly talks: Talk[] = [];
  readonly #waiting: Record<string, LogRecord[]> = { [topics.messages]: [], [topics.receipts]: [] };
  readonly #offsets: Record<string, number> = { [topics.messages]: 0, [topics.receipts]: 0 };

  constructor(seed: number) {
    this.random = new SeededRandom(seed, 'unread');
    this.users = Array.from({ length: 6 }, () => this.random.uuid());
  }

  say<N extends EventName>(topic: string, key: string, name: N, event: EventTypes[N]): void {
    const offset = this.#offsets[topic]!++;
    const place = { topic, partition: 0, offset, timestampMs: this.time.nowMs(), key: Buffer.from(key) };
    this.#waiting[topic]!.push({ ...place, value: codec.encode(name, event) });
  }

  create(): void {
    const [owner, ...rest] = this.users.filter(() => this.random.chance(0.8));
    if (owner === undefined) return;
    const talk = new Talk(this.random.uuid());
    this.talks.push(talk);
    const members = [owner, ...rest].map((user_id) => ({ user_id, role: 'admin' as const }));
    const about = { conversation_id: talk.id, directory_version: ++talk.version, created_by: owner, rules_version: 2 };
    this.say(topics.messages, talk.id, 'conversation_created', { ...untitledGroup, ...about, members });
    talk.add(owner, 'system');
    for (const { user_id } of members) talk.joined.set(user_id, 1);
  }

  change(talk: Talk): void {
    const userId = this.random.pick(this.users);
    const about = { conversation_id: talk.id, directory_version: ++talk.version, user_id: userId, rules_version: 2 };
    talk.add(userId, 'system');
    if (talk.joined.has(userId)) {
      this.say(topics.messages, talk.id, 'member_removed', { ...about, removed_by: userId });
      talk.joined.delete(userId);
    } else {
      const added = { ...about, role: 'admin' as const, added_by: userId, via: 'added' as const };
      this.say(topics.messages, talk.id, 'member_added', added);
      talk.joined.set(userId, talk.messages.length);
    }
  }

  send(talk: Talk, senderId: string): void {
    const type = this.random.pick(['text', 'text', 'image', 'audio', 'mls'] as const);
    if (type === 'mls') return; // What it carries is not this story's.
    this.say(topics.messages, talk.id, 'message_sent', {
      ...{
        conversation_id: talk.id,
        peer_id: null,
        sender_id: senderId,
        sender_device_id: senderId,
        message_type: type,
      },
      message_id: makeMessageId(this.time.nowMs(), this.random),
      ...{ encrypted_body: Buffer.from('x'), preview: 'x', media_url: null, thumbnail_url: null, reply_to: null },
      ...{ target: null, rules_version: 2, timer_seconds: 0, sealed_content: null, mls: null },
    });
    talk.add(senderId, type);
  }

  /** What the user may see: a seq of it. */
  #seen(talk: Talk, userId: string): number {
    return this.random.between(talk.joined.get(userId)!, talk.messages.length);
  }

  reads(talk: Talk, userId: string, isPrivate: boolean): void {
    const seq = this.#seen(talk, userId);
    const { ordinal } = talk.messages[seq - 1]!;
    const about = { conversation_id: talk.id, user_id: userId, device_id: userId, ordinal, at_ms: this.time.nowMs() };
    if (isPrivate) {
      const mark = { ...about, kind: 'read' as const, value: seq, version: seq };
      this.say(topics.receipts, talk.id, 'personal_mark_set', mark);
    } else {
      this.say(topics.receipts, talk.id, 'receipt_advanced', { ...about, kind: 'read', seq });
    }
    talk.read.set(userId, Math.max(seq, talk.read.get(userId) ?? 0));
  }

  clears(talk: Talk, userId: string): void {
    const value = this.#seen(talk, userId);
    const { ordinal } = talk.messages[value - 1]!;
    const about = { conversation_id: talk.id, user_id: userId, device_id: userId, at_ms: this.time.nowMs() };
    this.say(topics.receipts, talk.id, 'personal_mark_set', {
      ...about,
      kind: 'cleared',
      value,
      ordinal,
      version: value,
    });
    talk.cleared.set(userId, Math.max(value, talk.cleared.get(userId) ?? 0));
  }

  marks(talk: Talk, userId: string): void {
    const kind = this.random.pick(['pinned', 'archived', 'muted', 'unread'] as const);
    const at_ms = this.time.nowMs();
    const about = { conversation_id: talk.id, user_id: userId, device_id: userId, ordinal: 0, at_ms };
    const version = at_ms * 1_000 + this.random.between(-5_000_000, 5_000_000);
    this.say(topics.receipts, talk.id, 'personal_mark_set', {
      ...about,
      kind,
      value: this.random.between(0, 1),
      version,
    });
  }

  act(): void {
    const talk = this.talks.length === 0 ? null : this.random.pick(this.talks);
    const dice = this.random.next();
    const members = [...(talk?.joined.keys() ?? [])];
    if (talk === null || (this.talks.length < 6 && dice < 0.01)) this.create();
    else if (dice < 0.06 || members.length === 0) this.change(talk);
    else this.#of(talk, this.random.pick(members), dice);
  }

  #of(talk: Talk, userId: string, dice: number): void {
    if (dice < 0.5) this.send(talk, userId);
    else if (dice < 0.75) this.reads(talk, userId, this.random.chance(0.3));
    else if (dice < 0.85) this.clears(talk, userId);
    else this.marks(talk, userId);
  }

  /** Hands over what waits, in pieces cut anywhere, some of them twice. */
  async hand(topic: string, handler: BatchHandler, mayRepeat: boolean): Promise<void> {
    const records = this.#waiting[topic]!.splice(0);
    for (let next = 0; next < records.length; ) {
      const piece = records.slice(next, next + this.random.between(1, 40));
      const stays = { isCurrent: () => true, heartbeat: () => Promise.resolve() };
      const batch = { topic, partition: 0, generation: 1, records: piece, endOffset: this.#offsets[topic]!, ...stays };
      await handler.handle(batch);
      if (!mayRepeat || this.random.chance(0.8)) next += piece.length;
    }
  }
}

describe('invariant 6', () => {
  it(`unread is what a recount gives, after ${operations} random operations`, { timeout: 200_000 }, async () => {
    const story = new Story(5);
    const folder = mkdtempSync(join(tmpdir(), 'parley-unread-'));
    const projections = openEmbeddedProjections(folder, { clock: story.time, metrics: new Registry() });
    const handlers = handlersOn(projections, { codec, dataKeys: new MemoryDataKeys(story.time) }, story.time);
    await Promise.all([handlers.conversations.assigned(1), handlers.receipts.assigned()]);
    let compared = 0;
    const compare = async (): Promise<void> => {
      for (const talk of story.talks) {
        for (const userId of talk.joined.keys()) {
          const entry = await projections.inbox.get(userId, talk.id);
          expect(entry, talk.id).not.toBeNull();
          expect(unreadCount(entry!), `${userId} in ${talk.id}`).toBe(talk.recount(userId));
          compared++;
        }
      }
    };
    for (let done = 1; done <= operations; done++) {
      story.act();
      await story.time.advance(story.random.between(0, 300));
      if (!story.random.chance(0.02) && done < operations) continue;
      await story.hand(topics.messages, handlers.conversations, false);
      await story.hand(topics.receipts, handlers.receipts, true);
      await compare();
    }
    expect(compared).toBeGreaterThan(1_000);
    await handlers.conversations.close();
    await projections.close();
    rmSync(folder, { recursive: true });
  });
});
