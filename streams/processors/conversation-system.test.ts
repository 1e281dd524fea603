import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../conversation/outcome.ts';
import {
  added,
  alice,
  bob,
  carol,
  changed,
  created,
  group,
  numbered,
  removed,
  roleChanged,
  sent,
  startMs,
} from '../conversation/story.fixture.ts';
import { systemDeviceId } from '../conversation/system-message.ts';
import { World } from './conversation-world.fixture.ts';

const deviceOf = (userId: string) => `${userId.slice(0, 24)}d0000000000d`;
const inGroup = (sender_id: string, fields = {}) => sent({ conversation_id: group, sender_id, ...fields });

/** Everybody has one device, and is online but for those named. */
async function play(events: readonly ReceivedEvent[], ...offline: readonly string[]): Promise<World> {
  const world = new World();
  for (const userId of [alice, bob, carol]) {
    world.devicesOf.set(userId, [{ deviceId: deviceOf(userId), platform: 'ios' }]);
    if (!offline.includes(userId)) world.online.add(`${userId}/${deviceOf(userId)}`);
  }
  world.append(...events);
  await (await world.processor()).handle(world.batch());
  return world;
}

const messagesTo = (world: World, userId: string) =>
  world.toldTo(userId).flatMap((frame) => (frame.name === 'message' ? [frame.body.message] : []));
const seqsTo = (world: World, userId: string) => messagesTo(world, userId).map(({ seq }) => seq);

const story = [
  numbered(created(1, alice, bob), { title: 'Tea' }),
  inGroup(alice, { preview: 'before' }),
  numbered(added(2, carol)),
  numbered(removed(3, bob)),
  inGroup(alice, { preview: 'after' }),
];

describe('system messages on their way to devices', () => {
  it('invariant 7: all members get it, the actor’s own devices too; the removed get that of their removal and no more', async () => {
    const world = await play(story);
    // Who sends a message gets its verdict in its place.
    expect(seqsTo(world, alice)).toEqual([1, 3, 4]);
    expect(seqsTo(world, bob)).toEqual([1, 2, 3, 4]);
    expect(seqsTo(world, carol)).toEqual([3, 4, 5]);
    expect(messagesTo(world, bob)[0]).toMatchObject({
      ...{ message_type: 'system', sender_id: alice, sender_device_id: systemDeviceId, ordinal: 0, at_ms: startMs },
      ...{ encrypted_body: Buffer.alloc(0), preview: null },
      system: { kind: 'created', actor_id: alice, user_ids: [alice, bob], text: 'Tea' },
    });
    expect(messagesTo(world, bob)[3]).toMatchObject({ system: { kind: 'removed', user_ids: [bob] } });
  });

  it('nobody is pushed a system message', async () => {
    const world = await play(story, alice, bob, carol);
    expect(world.jobs.map(({ recipient_user_id, seq }) => [recipient_user_id, seq])).toEqual([
      [bob, 2],
      [carol, 5],
    ]);
  });

  it('an event that changes nothing tells nobody anything', async () => {
    const world = await play([...story, numbered(added(4, carol)), numbered(removed(5, bob))]);
    expect(seqsTo(world, carol)).toEqual([3, 4, 5]);
    expect(world.rows.tables.messages.size).toBe(5);
  });
});

describe('rows of system messages', () => {
  it('rule 20: there is one, under the fold’s id, with what it tells', async () => {
    const world = await play(story);
    const [first] = [...world.rows.messageRows.values()];
    expect(first).toMatchObject({
      ...{ seq: 1, ordinal: 0, messageType: 'system', senderId: alice, senderDeviceId: systemDeviceId },
      ...{ encryptedBody: Buffer.alloc(0), preview: null, atMs: startMs },
      system: { kind: 'created', actor_id: alice, user_ids: [alice, bob], text: 'Tea' },
    });
    const ids = [...world.rows.messageRows.values()].map(({ messageId }) => messageId);
    expect([...(await play(story)).rows.messageRows.values()].map(({ messageId }) => messageId)).toEqual(ids);
    expect(world.rows.columns('conversations', group)).toMatchObject({ buckets: [{ subBucket: 0, rows: 1 }] });
  });

  it('moves last_seq, and neither ordinal nor preview: nobody has to read it', async () => {
    const world = await play([...story, changed(4, { title: 'Coffee' })]);
    expect(world.rows.columns('inbox', alice, group)).toMatchObject({
      ...{ lastSeq: 6, lastOrdinal: 2, ownOrdinal: 2 },
      lastMessage: { preview: 'after', atMs: startMs },
    });
  });

  it('rule 9: who joins counts nothing from before as unread; who left keeps up to the removal', async () => {
    const world = await play(story);
    expect(world.rows.columns('inbox', carol, group)).toMatchObject({ lastSeq: 5, lastOrdinal: 2, ownOrdinal: 1 });
    expect(world.rows.columns('inbox', bob, group)).toMatchObject({
      ...{ lastSeq: 4, lastOrdinal: 1, leftSeq: 5 },
      lastMessage: { preview: 'before', atMs: startMs },
    });
    expect(world.rows.columns('members', group, bob, 1)).toMatchObject({ leftSeq: 5 });
    expect(world.rows.columns('members', group, carol, 3)).toMatchObject({ leftSeq: null });
  });

  it('rule 9: another role is another row of the same interval, and no new beginning', async () => {
    const world = await play([numbered(created(1, alice, bob)), inGroup(alice), roleChanged(2, bob, 'admin')]);
    expect(world.rows.columns('members', group, bob, 1)).toMatchObject({ role: 'admin', leftSeq: null });
    expect(world.rows.columns('inbox', bob, group)).toMatchObject({ lastSeq: 3, lastOrdinal: 1, ownOrdinal: 0 });
  });
});

it('rule 4: a member who may not send is told so, and nobody else hears of it', async () => {
  const events = [numbered(created(1, alice, bob, carol)), changed(2, { who_may_send: 'admins' }), inGroup(bob)];
  const world = await play(events);
  expect(world.toldTo(bob).at(-1)).toMatchObject({ name: 'refused', body: { code: 'admins_only' } });
  expect(seqsTo(world, carol)).toEqual([1, 2]);
});
