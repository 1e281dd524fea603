import type { MlsHeader } from '@parley/schemas/generated/events';
import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../conversation/outcome.ts';
import { alice, bob, carol, created, group, numbered, sent } from '../conversation/story.fixture.ts';
import { World } from './conversation-world.fixture.ts';

const deviceOf = (userId: string, index = 0) => `${userId.slice(0, 24)}d${index}000000000d`;

function mls(header: Partial<MlsHeader>, sender_id = alice, body = 'opaque'): ReceivedEvent {
  const whole: MlsHeader = {
    ...{ kind: 'commit', group_id: Buffer.from('mls group'), generation: 0, epoch: 0, after_seq: 1 },
    ...{ recipient_id: null, ...header },
  };
  const about = { conversation_id: group, sender_id, message_type: 'mls' as const, rules_version: 3 };
  return sent({ ...about, encrypted_body: Buffer.from(body), mls: whole });
}

const story = [
  numbered(created(1, alice, bob, carol)),
  mls({}),
  mls({}, bob),
  mls({ kind: 'welcome', epoch: 1, after_seq: 0, recipient_id: bob }, alice, 'secrets of the epoch'),
];

/** Everybody has two devices, online but for those named. */
async function play(...offline: readonly string[]): Promise<World> {
  const world = new World();
  for (const userId of [alice, bob, carol]) {
    const devices = [0, 1].map((index) => ({ deviceId: deviceOf(userId, index), platform: 'ios' as const }));
    world.devicesOf.set(userId, devices);
    if (offline.includes(userId)) continue;
    for (const { deviceId } of devices) world.online.add(`${userId}/${deviceId}`);
  }
  world.append(...story);
  await (await world.processor()).handle(world.batch());
  return world;
}

/** Seq, body and epoch of the messages of the key agreement that the user's devices were sent. */
const told = (world: World, userId: string) =>
  world.toldTo(userId).flatMap((frame) => {
    if (frame.name !== 'message' || frame.body.message.message_type !== 'mls') return [];
    const { seq, encrypted_body, mls } = frame.body.message;
    return [`${seq} ${mls?.kind} ${mls?.epoch} ${encrypted_body.toString()}`];
  });

describe('rule 22: messages of the key agreement on their way to devices', () => {
  it('one commit for an epoch reaches everybody, and whoever sent the other is told of the conflict', async () => {
    const world = await play();
    for (const userId of [bob, carol]) expect(told(world, userId)[0]).toBe('2 commit 0 opaque');
    const refused = world.toldTo(bob).flatMap(({ name, body }) => (name === 'refused' ? [body] : []));
    expect(refused).toMatchObject([{ code: 'epoch_conflict' }]);
    expect([...world.rows.messageRows.values()].map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('a welcome goes with its body to the devices of its recipient alone, and empty to all others', async () => {
    const world = await play();
    expect(told(world, bob)).toContain('3 welcome 1 secrets of the epoch');
    expect(told(world, carol)).toContain('3 welcome 1 ');
    expect(told(world, alice)).toContain('3 welcome 1 ');
    for (const userId of [alice, carol]) {
      const frames = JSON.stringify(world.toldTo(userId));
      expect(frames).not.toContain(JSON.stringify(Buffer.from('secrets of the epoch')));
    }
  });

  it('both are pushed to whoever is offline, as all messages are', async () => {
    const world = await play(bob, carol);
    const jobs = world.jobs.map((job) => `${job.recipient_user_id === bob ? 'bob' : 'carol'} ${job.seq}`).sort();
    expect(jobs).toEqual(['bob 2', 'bob 2', 'bob 3', 'bob 3', 'carol 2', 'carol 2', 'carol 3', 'carol 3']);
  });
});
