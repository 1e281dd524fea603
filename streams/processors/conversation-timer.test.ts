import { ParleyError } from '@parley/schemas/errors/parley-error';
import { describe, expect, it } from 'vitest';
import { alice, bob, direct, type Sent, sent, startMs, timerChanged } from '../conversation/story.fixture.ts';
import { dataKeyIdOf } from '../sealing/data-key.ts';
import { sealContent } from '../sealing/seal-content.ts';
import { World } from './conversation-world.fixture.ts';

const daySeconds = 86_400;
const nothing = Buffer.alloc(0);
const content = {
  encrypted_body: Buffer.from('body'),
  preview: 'See you',
  media_url: 'https://m/1',
  thumbnail_url: null,
};

function worldOf(): World {
  const world = new World();
  world.nowMs = startMs;
  for (const user of [alice, bob])
    world.devicesOf.set(user, [{ deviceId: `${user.slice(0, 24)}d0000000000d`, platform: 'ios' }]);
  return world;
}

/** As a gateway seals it. */
async function sealed(world: World, about: Sent = {}) {
  const { event, ...received } = sent({ timer_seconds: daySeconds, encrypted_body: nothing, ...about });
  const id = dataKeyIdOf(direct, event.message_id, daySeconds);
  const key = await world.dataKeys.obtain(id);
  const sealed_content = sealContent(key, { conversationId: direct, messageId: event.message_id }, content);
  return { ...received, event: { ...event, sealed_content } };
}

const shownTo = (world: World, userId: string) =>
  world.toldTo(userId).flatMap((frame) => (frame.name === 'message' ? [frame.body.message] : []));

async function handled(world: World): Promise<number | null> {
  return (await world.processor()).handle(world.batch());
}

describe('rule 23: what disappears', () => {
  it('rule 23: is opened for rows, frames and pushes, which know when it ends', async () => {
    const world = worldOf();
    world.online.add(`${bob}/${bob.slice(0, 24)}d0000000000e`);
    const message = await sealed(world);
    world.append(timerChanged(1, daySeconds), message);
    expect(await handled(world)).toBe(2);
    const expiresAtMs = startMs + daySeconds * 1_000;
    const row = world.rows.row(direct, message.event.message_id);
    expect(row).toMatchObject({
      encryptedBody: content.encrypted_body,
      preview: 'See you',
      mediaUrl: 'https://m/1',
      expiresAtMs,
    });
    expect(shownTo(world, bob)).toMatchObject([
      { message_type: 'system', system: { kind: 'timer', text: String(daySeconds) }, expires_at_ms: null },
      { encrypted_body: content.encrypted_body, preview: 'See you', expires_at_ms: expiresAtMs },
    ]);
    expect(world.jobs).toMatchObject([
      { recipient_user_id: bob, message_preview: 'See you', expires_at_ms: expiresAtMs },
    ]);
  });

  it('rule 23: a replay after its end brings it back nowhere, with and without its key; its seq stays', async () => {
    for (const isDestroyed of [true, false]) {
      const world = worldOf();
      world.online.add(`${bob}/${bob.slice(0, 24)}d0000000000e`);
      const message = await sealed(world);
      world.append(timerChanged(1, daySeconds), message, await sealed(world, { at: startMs + 60_000 }));
      world.nowMs = startMs + daySeconds * 1_000;
      if (isDestroyed) world.dataKeys.lose();
      await handled(world);
      expect(world.rows.row(direct, message.event.message_id)).toBeNull();
      expect(world.jobs.filter(({ seq }) => seq === 2)).toEqual([]);
      const seqs = shownTo(world, bob).map(({ seq }) => seq);
      expect(seqs).toEqual(isDestroyed ? [1] : [1, 3]);
    }
  });

  it('waits while the keys do not answer, and skips nothing', async () => {
    const world = worldOf();
    world.append(timerChanged(1, daySeconds), await sealed(world));
    world.interrupt = (step) => {
      if (step === 'keys') throw new ParleyError('unavailable');
    };
    const processor = await world.processor();
    await expect(processor.handle(world.batch())).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.calls).toEqual(['load', 'keys']);
    world.interrupt = () => undefined;
    expect(await processor.handle(world.batch())).toBe(2);
    expect(shownTo(world, bob)).toEqual([]);
    expect(world.rows.messageRows.size).toBe(2);
  });

  it('counts a content whose key was lost before its time', async () => {
    const world = worldOf();
    world.append(timerChanged(1, daySeconds), await sealed(world));
    world.dataKeys.lose();
    await handled(world);
    const { values } = await world.metrics.getSingleMetric('parley_conversation_contents_lost_total')!.get();
    expect(values).toMatchObject([{ value: 1 }]);
    expect(world.rows.messageRows.size).toBe(1);
  });
});
