import type { WhoMay } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketMs } from '../conversation/buckets.ts';
import type { ReceivedEvent } from '../conversation/outcome.ts';
import {
  added,
  alice,
  bob,
  carol,
  changed,
  created,
  direct,
  given,
  group,
  mallory,
  numbered,
  removed,
  roleChanged,
  sent,
  startMs,
} from '../conversation/story.fixture.ts';
import type { Decided } from './conversation-decide.ts';
import { MemoryRows } from './conversation-rows.fixture.ts';
import { buildRows } from './conversation-rows.ts';
import { World } from './conversation-world.fixture.ts';

const inGroup = (sender_id: string, fields = {}) => sent({ conversation_id: group, sender_id, ...fields });

function decidedOf(conversationId: string, events: readonly ReceivedEvent[]): Decided[] {
  const story = given(conversationId);
  return events.map((event, offset) => {
    const outcome = story.when(event);
    return { offset, conversationId, outcome, state: story.state };
  });
}

const rowsOf = (conversationId: string, ...events: readonly ReceivedEvent[]) =>
  buildRows(decidedOf(conversationId, events));

describe('rows of a 1:1 conversation', () => {
  it('one message is a message row and two inbox rows; the first also makes members and the conversation', () => {
    const first = sent({ preview: 'hi' });
    const second = sent({ sender_id: bob });
    const { members, conversations, messages, inbox } = rowsOf(direct, first);
    const writeTimestampUs = startMs * 1000;
    expect(members).toEqual([
      { conversationId: direct, userId: alice, joinedSeq: 1, leftSeq: null, role: 'member', writeTimestampUs },
      { conversationId: direct, userId: bob, joinedSeq: 1, leftSeq: null, role: 'member', writeTimestampUs },
    ]);
    const bucket = Math.floor(startMs / bucketMs);
    expect(conversations).toEqual([
      {
        conversationId: direct,
        conversationType: 'one_on_one',
        buckets: [{ bucket, subBucket: 0, rows: 1 }],
        writeTimestampUs,
      },
    ]);
    expect(messages).toMatchObject([{ seq: 1, ordinal: 1, bucket, subBucket: 0, preview: 'hi', atMs: startMs }]);
    const base = {
      conversationId: direct,
      conversationType: 'one_on_one',
      lastSeq: 1,
      lastOrdinal: 1,
      writeTimestampUs,
    };
    const lastMessage = { preview: 'hi', atMs: startMs };
    expect(inbox).toEqual([
      { ...base, userId: alice, otherUserId: bob, lastMessage, ownOrdinal: 1 },
      { ...base, userId: bob, otherUserId: alice, lastMessage },
    ]);
    const [, later] = decidedOf(direct, [first, second]);
    expect(buildRows([later!])).toMatchObject({ members: [], conversations: [], messages: [{ seq: 2 }] });
  });

  it('a note to self names the user as the other', () => {
    const self = directConversationId(alice, alice);
    const { inbox, members } = rowsOf(self, sent({ conversation_id: self, peer_id: alice }));
    expect(members.length).toBe(1);
    expect(inbox).toMatchObject([{ userId: alice, otherUserId: alice, ownOrdinal: 1 }]);
  });

  it('what is no countable message moves last_seq and neither preview nor ordinal', () => {
    const target = { message_id: '', seq: 1, sender_id: alice, message_type: 'text' as const, at_ms: startMs };
    const text = sent({ preview: 'hi' });
    const reaction = sent({
      sender_id: bob,
      message_type: 'reaction',
      preview: 'not shown',
      target: { ...target, message_id: text.event.message_id },
    });
    const { inbox } = rowsOf(direct, text, reaction, sent({ sender_id: bob, message_type: 'mls' }));
    const lastMessage = { preview: 'hi', atMs: startMs };
    expect(inbox).toMatchObject([
      { userId: alice, lastSeq: 3, lastOrdinal: 1, ownOrdinal: 1, lastMessage },
      { userId: bob, lastSeq: 3, lastOrdinal: 1, ownOrdinal: 1, lastMessage },
    ]);
  });

  it('a commit of the encryption does not mean that its sender has read anything', () => {
    const { inbox } = rowsOf(direct, sent(), sent({ sender_id: bob, message_type: 'mls' }));
    expect(inbox[1]).not.toHaveProperty('ownOrdinal');
  });

  it('refusals and duplicates write nothing', () => {
    const first = sent();
    const [, ...rest] = decidedOf(direct, [first, first, sent({ sender_id: mallory })]);
    expect(buildRows(rest)).toEqual({ members: [], conversations: [], messages: [], inbox: [] });
  });

  it('rule 12: the conversation row is written again when a bucket opens', () => {
    const { conversations } = rowsOf(direct, sent(), sent(), sent({ at: startMs + bucketMs }));
    expect(conversations.map(({ buckets }) => buckets.length)).toEqual([2]);
  });
});

describe('rows of a group', () => {
  it('a new group is in the list of its members before its first message', () => {
    const { inbox, members, conversations } = rowsOf(group, created(1, alice, bob));
    expect(members.map(({ userId, role }) => [userId, role])).toEqual([
      [alice, 'admin'],
      [bob, 'member'],
    ]);
    expect(conversations).toMatchObject([{ conversationType: 'group', buckets: [] }]);
    expect(inbox).toMatchObject([
      { userId: alice, otherUserId: null, lastSeq: 0, lastOrdinal: 0, leftSeq: null },
      { userId: bob, otherUserId: null, lastSeq: 0, lastOrdinal: 0, leftSeq: null },
    ]);
  });

  it('invariant 7: who leaves keeps what came before, and gets no row from what comes after', () => {
    const { inbox, members } = rowsOf(
      group,
      created(1, alice, bob),
      inGroup(alice, { preview: 'before' }),
      removed(2, bob),
      inGroup(alice, { preview: 'after' }),
    );
    const left = inbox.find(({ userId }) => userId === bob);
    expect(left).toMatchObject({ lastSeq: 1, leftSeq: 2, lastMessage: { preview: 'before' } });
    expect(members.at(-1)).toMatchObject({ userId: bob, joinedSeq: 1, leftSeq: 2 });
  });

  it('invariant 7: who joins has nothing unread and no preview from before', () => {
    const { inbox } = rowsOf(group, created(1, alice), inGroup(alice, { preview: 'before' }), added(2, carol));
    const joined = inbox.find(({ userId }) => userId === carol);
    expect(joined).toMatchObject({ lastSeq: 1, lastOrdinal: 1, ownOrdinal: 1, leftSeq: null });
    expect(joined).not.toHaveProperty('lastMessage');
  });

  it('rule 9: who comes back has two intervals and an open inbox row', () => {
    const { inbox, members } = rowsOf(
      group,
      created(1, alice, bob),
      removed(2, bob),
      inGroup(alice),
      added(3, bob),
      inGroup(alice),
    );
    expect(members.filter(({ userId }) => userId === bob)).toMatchObject([
      { joinedSeq: 1, leftSeq: null },
      { joinedSeq: 1, leftSeq: 1 },
      { joinedSeq: 2, leftSeq: null },
    ]);
    expect(inbox.find(({ userId }) => userId === bob)).toMatchObject({ lastSeq: 2, leftSeq: null, ownOrdinal: 1 });
  });
});

describe('rule 8: write timestamps make late and repeated writes harmless', () => {
  const people = [alice, bob, carol, mallory];
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...people).map((user) => ({ send: user })) },
    { weight: 1, arbitrary: fc.constantFrom(...people).map((user) => ({ add: user })) },
    { weight: 1, arbitrary: fc.constantFrom(...people).map((user) => ({ remove: user })) },
    { weight: 1, arbitrary: fc.constantFrom(...people).map((user) => ({ promote: user })) },
    { weight: 1, arbitrary: fc.constantFrom('everyone', 'admins').map((setting) => ({ setting })) },
  );

  /** Under either rules: an old log goes on under the new ones, and a relay of the last version may still be about. */
  const eventsOf = fc.array(fc.tuple(step, fc.boolean()), { maxLength: 25 }).map((steps) => {
    let version = 1;
    const events: ReceivedEvent[] = [created(1, alice, bob)];
    const asOf = (isOld: boolean, event: ReceivedEvent) => (isOld ? event : numbered(event));
    for (const [index, [one, isOld]] of steps.entries()) {
      const at = startMs + index * 40_000_000;
      if ('send' in one) events.push(inGroup(one.send, { at, preview: `message ${index}` }));
      else if ('promote' in one) events.push(roleChanged(++version, one.promote, 'admin'));
      else if ('setting' in one) events.push(changed(++version, { who_may_send: one.setting as WhoMay }));
      else events.push(asOf(isOld, 'add' in one ? added(++version, one.add) : removed(++version, one.remove)));
    }
    return events;
  });

  it('rule 8: two owners at once that cut the log differently leave the same rows as one, however their writes interleave', async () => {
    const cuts = fc.array(fc.nat({ max: 25 }), { maxLength: 6 });
    const interleaving = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(eventsOf, cuts, cuts, interleaving, async (events, one, two, order) => {
        const decided = decidedOf(group, events);
        const alone = new MemoryRows();
        await alone.project(buildRows(decided));
        const both = new MemoryRows();
        const queues = [one, two].map((at) => [...batches(decided, at)].map(buildRows));
        while (queues.some((queue) => queue.length > 0)) {
          const queue = queues[order.next().value ? 0 : 1]!;
          const rows = queue.shift() ?? queues.find((other) => other.length > 0)!.shift()!;
          await both.project(rows);
        }
        expect(both.contents()).toEqual(alone.contents());
      }),
    );
  });

  function* batches(decided: readonly Decided[], cuts: readonly number[]): Iterable<readonly Decided[]> {
    const ends = [...new Set([...cuts.filter((cut) => cut < decided.length), decided.length])].sort((a, b) => a - b);
    for (let from = 0, at = 0; at < ends.length; from = ends[at++]!) yield decided.slice(from, ends[at]);
  }

  it('rule 8: two processors that own a partition at once write identical rows, and states', async () => {
    const events = [created(1, alice, bob), inGroup(alice), removed(2, bob), inGroup(alice), sent(), sent()];
    const world = new World();
    world.append(...(events as never[]));
    const [one, two] = [await world.processor(), await world.processor()];
    await Promise.all([one.handle(world.batch(0, 3)), two.handle(world.batch(0, 4))]);
    await Promise.all([one.handle(world.batch(3)), two.handle(world.batch(4))]);
    const alone = new World();
    alone.append(...(events as never[]));
    await (await alone.processor()).handle(alone.batch());
    expect(world.rows.contents()).toEqual(alone.rows.contents());
    expect(world.states).toEqual(alone.states);
  });
});
