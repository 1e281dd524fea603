import { describe, expect, it } from 'vitest';
import { again, alice, bob, direct, newId, sent, startMs } from '../conversation/story.fixture.ts';
import { World } from './conversation-world.fixture.ts';

const lateMs = startMs + 500_000;
const aliceDevice = sent().event.sender_device_id;

function worldOnline(): World {
  const world = new World();
  world.online.add(`${alice}/${aliceDevice}`);
  return world;
}

const verdicts = (world: World) =>
  world.told.flatMap(({ frame }): (number | string)[] => {
    if (frame.name === 'accepted') return [frame.body.seq];
    return frame.name === 'refused' ? [frame.body.code] : [];
  });

describe('rule 3: an id outside its window', () => {
  it('rule 3: that was accepted once gets its first seq from the message store', async () => {
    const world = worldOnline();
    const first = sent();
    world.append(sent(), first);
    const processor = await world.processor();
    await processor.handle(world.batch());
    world.append(again(first, lateMs));
    world.told = [];
    await processor.handle(world.batch(2));
    expect(world.told.map(({ frame }) => frame)).toMatchObject([
      { name: 'accepted', body: { message_id: first.event.message_id, seq: 2, ordinal: 2, at_ms: startMs } },
    ]);
  });

  it('rule 3: counts what was accepted earlier in the same batch, which no store has yet', async () => {
    const world = worldOnline();
    const first = sent();
    world.append(first, sent({ at: lateMs }), again(first, lateMs));
    await (await world.processor()).handle(world.batch());
    expect(verdicts(world)).toEqual([1, 2, 1]);
    expect(world.calls).not.toContain('find');
  });

  it('rule 3: with another payload is a conflict, in the store and in the batch', async () => {
    const world = worldOnline();
    const first = sent();
    const other = { encrypted_body: Buffer.from('another') };
    world.append(first, again(first, lateMs, other));
    const processor = await world.processor();
    await processor.handle(world.batch());
    world.append(again(first, lateMs, other));
    await processor.handle(world.batch(2));
    expect(verdicts(world)).toEqual([1, 'conflict', 'conflict']);
  });

  it('rule 3: that nobody knows is out of its window, from the past and from the future', async () => {
    const world = worldOnline();
    world.append(sent({ message_id: newId(startMs - 600_000) }), sent({ message_id: newId(startMs + 600_000) }));
    await (await world.processor()).handle(world.batch());
    expect(verdicts(world)).toEqual(['out_of_window', 'out_of_window']);
  });

  it('rule 3: that is accepted only later was out of its window, also when the batch is processed again', async () => {
    const world = worldOnline();
    const early = sent({ message_id: newId(startMs + 100_000) });
    world.append(sent(), early, again(early, startMs + 100_000));
    for (let run = 0; run < 2; run++) {
      world.states.clear();
      await (await world.processor()).handle(world.batch());
    }
    expect(world.rows.row(direct, early.event.message_id)!.seq).toBe(2);
    expect(verdicts(world)).toEqual([1, 'out_of_window', 2, 1, 'out_of_window', 2]);
  });

  it('rule 3: the look-up never changes the state', async () => {
    const [known, unknown] = [worldOnline(), worldOnline()];
    const first = sent();
    const second = sent({ at: lateMs });
    for (const world of [known, unknown]) {
      world.append(first, second, again(first, lateMs));
      const processor = await world.processor();
      await processor.handle(world.batch(0, 2));
      if (world === unknown) world.rows.messageRows.clear();
      await processor.handle(world.batch(2));
    }
    expect(verdicts(known)).toEqual([1, 2, 1]);
    expect(verdicts(unknown)).toEqual([1, 2, 'out_of_window']);
    expect(unknown.states).toEqual(known.states);
  });

  it('rule 1: nobody gets the verdict of another by copying the message', async () => {
    const world = new World();
    const copied = { sender_id: bob, peer_id: alice, sender_device_id: bob };
    world.online.add(`${bob}/${bob}`);
    const first = sent();
    world.append(first, again(first, lateMs, copied));
    await (await world.processor()).handle(world.batch());
    expect(verdicts(world)).toEqual(['conflict']);
  });
});
