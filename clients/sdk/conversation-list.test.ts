import type { InboxEntry, MarkKind, SystemKind, WireMessage } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConversationList, type ListedConversation } from './conversation-list.ts';
import { alice, bob, conversation, fromBob } from './server.fixture.ts';

const mark = (kind: MarkKind, value: number, version: number) => ({ kind, value, version });

const entry = (about: Partial<InboxEntry> = {}): InboxEntry => ({
  ...{ conversation_id: conversation, conversation_type: 'one_on_one', other_user_id: bob, group_id: null },
  ...{ last_message_preview: 'told', last_message_at_ms: 5, last_seq: 5, read_seq: 0, unread_count: 5, left_seq: null },
  ...{ last_ordinal: 5, seen_ordinal: 0, marks: [] },
  ...about,
});

const setUp = () => {
  const changes: ListedConversation[] = [];
  const list = new ConversationList(alice, (changed) => changes.push(changed));
  return { list, changes, known: () => list.get(conversation)! };
};

const from = (senderId: string, seq: number, about: Partial<WireMessage> = {}): WireMessage => ({
  ...fromBob(seq),
  sender_id: senderId,
  preview: `text ${seq}`,
  ...about,
});

describe('the conversation list', () => {
  it('counts what arrives, and what the user answers, until the inbox says the same', () => {
    const { list, known } = setUp();
    list.apply(entry({ read_seq: 5, seen_ordinal: 5, unread_count: 0 }));
    for (const seq of [6, 7]) list.message(from(bob, seq));
    expect(known()).toMatchObject({ unreadCount: 2, preview: 'text 7', lastSeq: 7 });
    list.message(from(bob, 8, { message_type: 'reaction', ordinal: 7, preview: 'a heart' }));
    expect(known()).toMatchObject({ unreadCount: 2, preview: 'text 7', lastSeq: 8 });
    // Read before those arrived.
    list.apply(entry({ read_seq: 5, seen_ordinal: 5, unread_count: 0 }));
    expect(known()).toMatchObject({ unreadCount: 2, preview: 'text 7', lastSeq: 8 });
    list.message(from(alice, 9, { ordinal: 8 }));
    expect(known()).toMatchObject({ unreadCount: 0, lastSeq: 9 });
  });

  it('takes of each mark the newest, and tells a change once', () => {
    const { list, changes, known } = setUp();
    list.apply(entry({ marks: [mark('pinned', 9, 2), mark('muted', 7, 1)] }));
    list.apply(entry({ marks: [mark('pinned', 0, 1), mark('muted', 0, 3)] }));
    expect(known()).toMatchObject({ pinnedAtMs: 9, mutedUntilMs: null, isArchived: false });
    list.apply(entry({ marks: [mark('archived', 1, 4), mark('unread', 1, 5)] }));
    list.apply(entry({ marks: [mark('archived', 1, 4)] }));
    expect(known()).toMatchObject({ pinnedAtMs: 9, isArchived: true, isMarkedUnread: true });
    expect(changes).toHaveLength(3);
  });

  it('does not show again what was cleared', () => {
    const { list, known } = setUp();
    list.apply(entry());
    const cleared = { last_message_preview: null, last_message_at_ms: null, seen_ordinal: 5, unread_count: 0 };
    list.apply(entry({ ...cleared, marks: [mark('cleared', 5, 5)] }));
    list.apply(entry());
    expect(known()).toMatchObject({ preview: null, lastMessageAtMs: null, unreadCount: 0, clearedSeq: 5 });
    list.message(from(bob, 6));
    expect(known()).toMatchObject({ preview: 'text 6', unreadCount: 1 });
  });

  it('counts what is read here, also of what was not the last', () => {
    const { list, known } = setUp();
    list.apply(entry({ read_seq: 5, seen_ordinal: 5, unread_count: 0 }));
    for (const seq of [6, 7, 8]) list.message(from(bob, seq));
    list.read(conversation, 7);
    expect(known().unreadCount).toBe(1);
    list.read(conversation, 6);
    expect(known().unreadCount).toBe(1);
    list.read(conversation, 8);
    expect(known().unreadCount).toBe(0);
  });

  it('begins with a message, and says where that does not tell with whom', () => {
    const { list, known } = setUp();
    const eve = '3b1f8c1e-5d2a-4c4b-9d0e-0a1b2c3d4e77';
    const direct = { conversation_id: directConversationId(alice, eve) };
    expect(list.message(from(bob, 1))).toBe(true);
    expect(known()).toMatchObject({ otherUserId: bob, unreadCount: 1, type: 'one_on_one' });
    expect(list.message(from(alice, 1, direct))).toBe(false);
    list.begin(from(alice, 1, direct), eve);
    expect(list.get(direct.conversation_id)).toMatchObject({ otherUserId: eve, unreadCount: 0 });
  });

  const groupId = '00000000-0000-4000-8000-000000000900';
  const told = (seq: number, ordinal: number, kind: SystemKind, userId: string): WireMessage => {
    const system = { kind, actor_id: bob, user_ids: [userId], text: null };
    return from(bob, seq, { conversation_id: groupId, ordinal, message_type: 'system', preview: null, system });
  };

  it('begins a group with the message of the user’s joining; in the middle of one it does not know what they have seen', () => {
    const { list } = setUp();
    expect(list.message(told(49, 40, 'added', bob))).toBe(false);
    expect(list.message(from(bob, 50, { conversation_id: groupId, ordinal: 41 }))).toBe(false);
    expect(list.message(told(51, 41, 'added', alice))).toBe(true);
    expect(list.get(groupId)).toMatchObject({ type: 'group', unreadCount: 0, lastSeq: 51, leftSeq: null });
    list.message(from(bob, 52, { conversation_id: groupId, ordinal: 42 }));
    expect(list.get(groupId)).toMatchObject({ unreadCount: 1 });
  });

  it('counts nothing from while the user was out of a group, and says that they are', () => {
    const { list } = setUp();
    const about = {
      conversation_id: groupId,
      conversation_type: 'group',
      other_user_id: null,
      group_id: groupId,
    } as const;
    list.apply(entry({ ...about, last_seq: 5, last_ordinal: 5, seen_ordinal: 4, unread_count: 1 }));
    list.message(told(6, 5, 'promoted', alice));
    list.message(told(7, 5, 'removed', alice));
    expect(list.get(groupId)).toMatchObject({ unreadCount: 1, leftSeq: 8 });
    list.message(told(30, 20, 'joined_by_link', alice));
    expect(list.get(groupId)).toMatchObject({ unreadCount: 0, leftSeq: null, lastSeq: 30 });
    // An old page brings the message of the removal once more.
    list.message(told(7, 5, 'removed', alice));
    expect(list.get(groupId)).toMatchObject({ unreadCount: 0, leftSeq: null });
  });

  it('puts what is pinned first, then what was written last', () => {
    const { list } = setUp();
    const ids = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
    ids.forEach((conversation_id, index) => {
      const marks = index === 0 ? [mark('pinned', 1, 1)] : [];
      list.apply(entry({ conversation_id, last_message_at_ms: index, marks }));
    });
    expect(list.all().map(({ conversationId }) => conversationId)).toEqual([ids[0], ids[2], ids[1]]);
  });

  it('ends the same, in whatever order it is told', () => {
    const told = fc.record({
      seq: fc.nat(9),
      seen: fc.nat(9),
      cleared: fc.nat(9),
      pinned: fc.nat(3),
    });
    // What the server says grows: an entry of a later moment has all of an earlier one.
    const growing = fc.array(told, { minLength: 1, maxLength: 6 }).map((all) => {
      let last = { seq: 0, seen: 0, cleared: 0, pinned: 0 };
      return all.map((one) => {
        last = {
          seq: Math.max(last.seq, one.seq),
          seen: Math.max(last.seen, Math.min(one.seen, one.seq)),
          cleared: Math.max(last.cleared, Math.min(one.cleared, one.seq)),
          pinned: last.pinned + one.pinned,
        };
        const { seq, seen, cleared, pinned } = last;
        const isCleared = cleared >= seq;
        return entry({
          ...{ last_seq: seq, last_ordinal: seq, seen_ordinal: Math.max(seen, cleared) },
          last_message_preview: isCleared ? null : `text ${seq}`,
          last_message_at_ms: isCleared ? null : seq,
          marks: [mark('pinned', pinned % 2, pinned), mark('cleared', cleared, cleared)],
        });
      });
    });
    const shuffled = growing.chain((entries) =>
      fc.record({
        entries: fc.constant(entries),
        order: fc.shuffledSubarray(entries, { minLength: entries.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ entries, order }) => {
        const [one, other] = [setUp(), setUp()];
        for (const each of entries) one.list.apply(each);
        for (const each of order) other.list.apply(each);
        expect(other.known()).toEqual(one.known());
        const end = entries.at(-1)!;
        expect(one.known()).toMatchObject({ lastSeq: end.last_seq, preview: end.last_message_preview });
      }),
    );
  });
});
