import { withheldPartition } from '@parley/schemas/identity/withheld-partition';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../conversation/outcome.ts';
import { again, alice, blockChanged, bob, direct, sent, startMs, timerChanged } from '../conversation/story.fixture.ts';
import { dataKeyIdOf } from '../sealing/data-key.ts';
import { sealContent } from '../sealing/seal-content.ts';
import { World } from './conversation-world.fixture.ts';

const deviceOf = (userId: string, digit = 'd') => `${userId.slice(0, 24)}d0000000000${digit}`;
const side = withheldPartition(direct, bob);

function worldOf(): World {
  const world = new World();
  world.nowMs = startMs;
  for (const user of [alice, bob]) world.devicesOf.set(user, [{ deviceId: deviceOf(user), platform: 'ios' }]);
  for (const user of [alice, bob]) world.online.add(`${user}/${deviceOf(user)}`);
  world.online.add(`${bob}/${deviceOf(bob, 'e')}`);
  return world;
}

const fromBob = (body: string) => sent({ sender_id: bob, encrypted_body: Buffer.from(body) });
const handled = async (world: World) => (await world.processor()).handle(world.batch());

describe('rule 6: what a blocked user sends', () => {
  it('rule 6: is shown as sent to their own devices, kept beside the conversation, and reaches the blocker by no path', async () => {
    const world = worldOf();
    const message = fromBob('hidden');
    world.append(sent(), blockChanged(1, true), message);
    await handled(world);
    const { message_id } = message.event;
    const verdicts = world.toldTo(bob).filter(({ name }) => name === 'accepted');
    expect(verdicts).toMatchObject([{ body: { message_id, seq: 0, ordinal: 0, at_ms: startMs } }]);
    const other = world.told.filter(({ to }) => to === `${bob}/${deviceOf(bob, 'e')}`).map(({ frame }) => frame);
    expect(other.at(-1)).toMatchObject({ name: 'message', body: { message: { message_id, seq: 0 } } });
    expect(world.rows.row(side, message_id)).toMatchObject({ seq: 0, encryptedBody: Buffer.from('hidden') });
    expect(world.rows.row(direct, message_id)).toBeNull();
    expect(JSON.stringify(world.toldTo(alice))).not.toContain(message_id);
    expect(world.jobs.filter((job) => job.message_id === message_id)).toEqual([]);
    expect(world.rows.columns('inbox', alice, direct)).toMatchObject({ lastSeq: 1, lastOrdinal: 1 });
    expect(world.rows.columns('inbox', bob, direct)).toMatchObject({ lastSeq: 1 });
  });

  it('rule 3: late, gets its first verdict out of the side partition; another user under the same id does not', async () => {
    const world = worldOf();
    const message = fromBob('hidden');
    const late = again(message, startMs + 200_000);
    const stranger = again(message, startMs + 200_000, {
      ...{ sender_id: alice, sender_device_id: deviceOf(alice), peer_id: bob },
    });
    world.append(sent(), blockChanged(1, true), message, blockChanged(2, false), late, stranger);
    const processor = await world.processor();
    await processor.handle(world.batch(0, 4));
    world.told = [];
    await processor.handle(world.batch(4));
    expect(world.toldTo(bob)).toMatchObject([{ name: 'accepted', body: { seq: 0, at_ms: startMs } }]);
    expect(world.toldTo(alice)).toMatchObject([{ name: 'refused', body: { code: 'out_of_window' } }]);
    const once = worldOf();
    once.append(sent(), blockChanged(1, true), message, late, stranger);
    await handled(once);
    expect(once.toldTo(bob).at(-1)).toMatchObject({ name: 'accepted', body: { seq: 0, at_ms: startMs } });
    expect(once.toldTo(alice).at(-1)).toMatchObject({ name: 'refused', body: { code: 'out_of_window' } });
  });

  it('rule 23: disappears on time there, too', async () => {
    const day = 86_400;
    for (const isOver of [false, true]) {
      const world = worldOf();
      const { event, ...received } = sent({ sender_id: bob, timer_seconds: day, encrypted_body: Buffer.alloc(0) });
      const key = await world.dataKeys.obtain(dataKeyIdOf(direct, event.message_id, day));
      const about = { conversationId: direct, messageId: event.message_id };
      const content = { encrypted_body: Buffer.from('body'), preview: null, media_url: null, thumbnail_url: null };
      world.append(timerChanged(1, day), blockChanged(2, true));
      world.append({ ...received, event: { ...event, sealed_content: sealContent(key, about, content) } });
      if (isOver) world.nowMs = startMs + day * 1_000;
      await handled(world);
      const row = world.rows.row(side, event.message_id);
      if (isOver) expect(row).toBeNull();
      else expect(row).toMatchObject({ encryptedBody: content.encrypted_body, expiresAtMs: startMs + day * 1_000 });
    }
  });

  it('rule 6: whatever the interleaving, nothing sent while blocked is in a frame, push or row of the blocker', async () => {
    const step = fc.constantFrom('block', 'unblock', 'send');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat({ max: 20 }), { maxLength: 4 }),
        async (steps, cuts) => {
          const world = worldOf();
          const events: ReceivedEvent[] = [];
          const [hidden, shown] = [[] as string[], [] as string[]];
          let [version, isBlocked] = [0, false];
          for (const does of steps) {
            if (does === 'send') {
              const message = fromBob(`${events.length}`);
              (isBlocked ? hidden : shown).push(message.event.message_id);
              events.push(message);
            } else {
              isBlocked = does === 'block';
              events.push(blockChanged(++version, isBlocked));
            }
          }
          world.append(...events);
          const processor = await world.processor();
          const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < events.length), events.length])].sort(
            (a, b) => a - b,
          );
          for (const [index, end] of ends.entries()) await processor.handle(world.batch(ends[index - 1] ?? 0, end));
          const seen = world.toldTo(alice).flatMap((f) => (f.name === 'message' ? [f.body.message.message_id] : []));
          expect(seen).toEqual(shown);
          const kept = JSON.stringify({ jobs: world.jobs.map((job) => job.message_id) });
          for (const id of hidden) {
            expect(kept).not.toContain(id);
            expect(world.rows.row(direct, id)).toBeNull();
            expect(world.rows.row(side, id)).not.toBeNull();
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
