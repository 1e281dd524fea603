import { describe, expect, it } from 'vitest';
import { encodeSnapshot } from '../conversation/snapshot.ts';
import {
  added,
  alice,
  bob,
  carol,
  created,
  direct,
  given,
  group,
  mallory,
  removed,
  sent,
  startMs,
} from '../conversation/story.fixture.ts';
import { interrupted, type Step, World } from './conversation-world.fixture.ts';

const deviceOf = (userId: string) => `${userId.slice(0, 24)}d0000000000d`;
const secondOf = (userId: string) => `${userId.slice(0, 24)}d0000000002d`;
const connection = (userId: string) => `${userId}/${deviceOf(userId)}`;
const inGroup = (sender_id: string, fields = {}) => sent({ conversation_id: group, sender_id, ...fields });

function worldOf(...users: string[]): World {
  const world = new World();
  for (const user of users) {
    world.devicesOf.set(user, [
      { deviceId: deviceOf(user), platform: 'ios' },
      { deviceId: secondOf(user), platform: 'web' },
    ]);
  }
  return world;
}

const frameNames = (world: World, userId: string) => world.toldTo(userId).map(({ name }) => name);
const seqsOf = (world: World, userId: string) =>
  world.toldTo(userId).flatMap((frame) => (frame.name === 'message' ? [frame.body.message.seq] : []));

describe('the order of the steps is the guarantee', () => {
  it('rule 9: rows are projected before anybody is told; the state is saved after routing and pushing; the commit is last', async () => {
    const world = worldOf(alice, bob);
    world.append(sent(), sent());
    const processor = await world.processor();
    const commit = processor.handle(world.batch()).then((offset) => {
      expect(world.calls).toEqual(['load', 'project', 'route', 'devices', 'push', 'save']);
      return offset;
    });
    expect(await commit).toBe(2);
  });

  it('every step waits for the one before it', async () => {
    for (const step of ['load', 'project', 'route', 'devices', 'push', 'save'] as const) {
      const world = worldOf(alice, bob);
      world.append(sent());
      world.interrupt = (one, when) => {
        if (one === step && when === 'before') throw interrupted;
      };
      const processor = await world.processor();
      await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
      expect(world.calls.at(-1)).toBe(step);
    }
  });

  it('skips what there is nothing for', async () => {
    const world = worldOf();
    world.append(sent({ peer_id: null }));
    const processor = await world.processor();
    expect(await processor.handle(world.batch())).toBe(1);
    expect(world.calls).toEqual(['load', 'route', 'save']);
  });
});

describe('who is told what', () => {
  it('a verdict goes to the sending device, a message to every other device of every member', async () => {
    const world = worldOf(alice, bob);
    for (const user of [alice, bob]) world.online.add(connection(user)).add(`${user}/${secondOf(user)}`);
    world.append(sent());
    await (await world.processor()).handle(world.batch());
    expect(world.told.map(({ to, frame }) => [to, frame.name])).toEqual([
      [connection(alice), 'accepted'],
      [`${alice}/${secondOf(alice)}`, 'message'],
      [connection(bob), 'message'],
      [`${bob}/${secondOf(bob)}`, 'message'],
    ]);
    expect(world.jobs).toEqual([]);
  });

  it('the verdict carries the first seq again for a duplicate, and a code for a refusal', async () => {
    const world = worldOf(alice, bob);
    world.online.add(connection(alice)).add(connection(mallory));
    const first = sent();
    world.append(first, { ...first, receivedAtMs: startMs + 10 }, sent({ sender_id: mallory, peer_id: bob }));
    await (await world.processor()).handle(world.batch());
    expect(world.toldTo(alice).map(({ body }) => body)).toMatchObject([
      { seq: 1, ordinal: 1, at_ms: startMs },
      { seq: 1, ordinal: 1, at_ms: startMs },
    ]);
    expect(world.toldTo(mallory).map(({ body }) => body)).toMatchObject([{ code: 'not_a_member' }]);
    expect(world.rows.tables.messages.size).toBe(1);
  });

  it('frames of one connection come in the order of seq, over batches too', async () => {
    const world = worldOf(alice, bob, carol);
    world.online.add(connection(carol));
    world.append(created(1, alice, bob, carol));
    for (let i = 0; i < 20; i++) world.append(inGroup(i % 3 === 0 ? alice : bob));
    const processor = await world.processor();
    await processor.handle(world.batch(0, 7));
    await processor.handle(world.batch(7, 8));
    await processor.handle(world.batch(8));
    expect(seqsOf(world, carol)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('invariant 7: who was removed is told nothing later, and who joins nothing earlier', async () => {
    const world = worldOf(alice, bob, carol);
    for (const user of [alice, bob, carol]) world.online.add(connection(user));
    world.append(
      created(1, alice, bob),
      inGroup(alice),
      removed(2, bob),
      inGroup(alice),
      added(3, carol),
      inGroup(alice),
    );
    await (await world.processor()).handle(world.batch());
    expect(seqsOf(world, bob)).toEqual([1]);
    expect(seqsOf(world, carol)).toEqual([3]);
    expect(world.jobs.filter(({ recipient_user_id }) => recipient_user_id === bob).map(({ seq }) => seq)).toEqual([1]);
  });

  it('a large group is handled in slices, in order', async () => {
    const world = worldOf(alice);
    world.online.add(connection(alice));
    const others = Array.from({ length: 999 }, (_, i) => `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`);
    world.append(created(1, alice, ...others));
    for (let i = 0; i < 30; i++) world.append(inGroup(others[i]!));
    await (await world.processor()).handle(world.batch());
    expect(world.calls.filter((step) => step === 'route').length).toBe(2);
    expect(seqsOf(world, alice)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });
});

describe('push', () => {
  it('invariant 13: a job for each device that was not reached, none for the sender, none where there is no device', async () => {
    const world = worldOf(alice, bob);
    world.online.add(connection(bob));
    world.append(created(1, alice, bob, mallory), inGroup(alice, { preview: 'hello' }));
    await (await world.processor()).handle(world.batch());
    expect(world.jobs).toMatchObject([
      {
        recipient_user_id: bob,
        recipient_device_id: secondOf(bob),
        sender_user_id: alice,
        seq: 1,
        message_preview: 'hello',
        platform: 'web',
        enqueued_at_ms: startMs,
        reason: 'offline',
      },
    ]);
  });
});

describe('a failure repeats work, gets the same answers, and skips none', () => {
  const steps: readonly Step[] = ['load', 'find', 'project', 'route', 'devices', 'push', 'save'];
  const ambiguities = steps.flatMap((step) => [
    { step, when: 'before' as const },
    { step, when: 'after' as const },
  ]);

  function story(world: World): void {
    const repeated = inGroup(bob);
    world.append(created(1, alice, bob, carol), inGroup(alice), repeated, inGroup(mallory), sent(), repeated);
    world.append(removed(2, carol), inGroup(alice, { message_type: 'image' }), sent({ sender_id: bob }));
    world.append(inGroup(alice, { message_id: repeated.event.message_id, at: startMs + 200_000 }));
    world.append(inGroup(bob, { at: startMs + 200_000 }));
  }

  async function run(world: World): Promise<World> {
    world.online.add(connection(alice)).add(connection(carol));
    const processor = await world.processor();
    await processor.handle(world.batch(0, 4));
    await processor.handle(world.batch(4));
    return world;
  }

  const cuts = (end: number) => [
    { from: 0, to: 4 },
    { from: 4, to: end },
  ];

  const framesOf = (world: World) => new Set(world.told.map((one) => JSON.stringify(one)));
  const jobsOf = (world: World) => new Set(world.jobs.map((job) => JSON.stringify(job)));

  async function undisturbed(): Promise<{ world: World; records: World['records'] }> {
    const world = worldOf(alice, bob, carol);
    story(world);
    await run(world);
    return { world, records: world.records };
  }

  it.each(ambiguities)(
    'invariant 2, 10: a failure $when $step, then the same processor again or a new one',
    async ({ step, when }) => {
      const { world: expected, records } = await undisturbed();
      for (const restart of [false, true]) {
        const world = worldOf(alice, bob, carol);
        world.online.add(connection(alice)).add(connection(carol));
        world.records.push(...records);
        let processor = await world.processor();
        let failures = 0;
        let committed = 0;
        world.interrupt = (one, at) => {
          if (one === step && at === when && failures++ === 0) throw interrupted;
        };
        const deliver = async (from: number, to: number): Promise<void> => {
          committed = (await processor.handle(world.batch(from, to))) ?? committed;
        };
        for (const { from, to } of cuts(records.length)) {
          try {
            await deliver(from, to);
          } catch (error) {
            expect(error).toBe(interrupted);
            if (restart) processor = await world.processor();
            await deliver(restart ? committed : from, to);
          }
        }
        expect(committed).toBe(records.length);
        expect(failures).toBeGreaterThan(0);
        expect(world.rows.contents()).toEqual(expected.rows.contents());
        expect(world.states).toEqual(expected.states);
        expect(framesOf(world)).toEqual(framesOf(expected));
        expect(jobsOf(world)).toEqual(jobsOf(expected));
      }
    },
  );

  it('invariant 10: an offset is not committed unless the state was saved', async () => {
    const world = worldOf(alice, bob);
    world.append(sent());
    const processor = await world.processor();
    world.interrupt = (step) => {
      if (step === 'save') throw interrupted;
    };
    await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
    await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
    expect(world.calls).toEqual(['load', 'project', 'route', 'devices', 'push', 'save', 'save']);
    world.interrupt = () => undefined;
    expect(await processor.handle(world.batch())).toBe(1);
    expect(world.states.get(direct)!.snapshot).toEqual(encodeSnapshot(given(direct, storedEvent(world)).state));
  });

  const storedEvent = (world: World) => {
    const [row] = world.rows.messageRows.values();
    return sent({ message_id: row!.messageId });
  };
});

describe('rule 10: state belongs to one assignment', () => {
  it('rule 10: an event at or below the saved offset is not decided again', async () => {
    const world = worldOf(alice, bob);
    world.append(sent(), sent());
    await (await world.processor()).handle(world.batch(0, 2));
    world.append(sent());
    world.calls = [];
    await (await world.processor()).handle(world.batch());
    expect(world.rows.messageRows.size).toBe(3);
    expect(world.jobs.map(({ seq }) => seq)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(JSON.parse(JSON.stringify([...world.rows.messageRows.values()].map(({ seq }) => seq)))).toEqual([1, 2, 3]);
  });

  it('rule 10: state cached under another generation is dropped at every assignment', async () => {
    const world = worldOf(alice, bob);
    world.append(sent());
    const ours = await world.processor();
    await ours.handle(world.batch());
    // The partition goes to another member, which decides the next message, and comes back.
    world.append(sent());
    await (await world.processor()).handle(world.batch(1));
    world.append(sent());
    world.generation = 3;
    await ours.assigned(3);
    await ours.handle(world.batch(2));
    expect([...world.rows.messageRows.values()].map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('rule 10: a batch of another generation, or of a partition that was taken away, is left alone', async () => {
    const world = worldOf(alice, bob);
    world.append(sent());
    const processor = await world.processor();
    expect(await processor.handle({ ...world.batch(), generation: 0 })).toBeNull();
    world.current = false;
    expect(await processor.handle(world.batch())).toBeNull();
    expect(world.calls).toEqual([]);
  });

  it.each(['project', 'route', 'push'] as const)(
    'rule 10: nothing is saved or committed once the partition is gone after %s',
    async (step) => {
      const world = worldOf(alice, bob);
      world.append(sent());
      world.interrupt = (one, when) => {
        if (one === step && when === 'after') world.current = false;
      };
      expect(await (await world.processor()).handle(world.batch())).toBeNull();
      expect(world.states.size).toBe(0);
      expect(world.calls.at(-1)).toBe(step === 'project' ? 'project' : 'push');
    },
  );

  it('rule 10: what was decided but not carried out is not what the next batch begins with', async () => {
    const world = worldOf(alice, bob);
    world.append(sent());
    const processor = await world.processor();
    let left = 3;
    world.interrupt = (step) => {
      if (step === 'project' && left-- > 0) throw interrupted;
    };
    for (let i = 0; i < 3; i++) await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
    expect(await processor.handle(world.batch())).toBe(1);
    expect([...world.rows.messageRows.values()].map(({ seq }) => seq)).toEqual([1]);
  });

  it('a bounded cache forgets only what is saved', async () => {
    const world = worldOf();
    const processor = await world.processor({ maxCachedStates: 1 });
    const users = Array.from({ length: 6 }, (_, i) => `${i}0000000-0000-4000-8000-00000000000${i}`);
    world.interrupt = (step) => {
      if (step === 'save') throw interrupted;
    };
    const groups = users.map((id) => ({ ...created(), event: { ...created().event, conversation_id: id } }));
    world.append(...(groups as ReturnType<typeof created>[]));
    await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
    world.interrupt = () => undefined;
    expect(await processor.handle(world.batch())).toBe(6);
    expect(world.calls.filter((step) => step === 'load').length).toBe(1);
    expect(world.states.size).toBe(6);
    await processor.handle(world.batch());
    expect(world.calls.filter((step) => step === 'load').length).toBe(2);
  });
});

describe('rule 20: a skipped directory version', () => {
  it('rule 20: stops the partition with an alarm after what came before it, which is not done twice', async () => {
    const world = worldOf(alice, bob);
    world.online.add(connection(bob));
    world.append(created(1, alice, bob), inGroup(alice), added(3, carol), inGroup(alice));
    const processor = await world.processor();
    for (let i = 0; i < 3; i++) {
      await expect(processor.handle(world.batch())).rejects.toMatchObject({ code: 'directory_gap' });
    }
    expect(seqsOf(world, bob)).toEqual([1]);
    expect(world.states.get(group)!.offset).toBe(1);
    expect(await world.count('parley_conversation_halted')).toBe(1);
    expect(frameNames(world, bob)).toEqual(['message']);
  });
});
