import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot, stateVersion } from '../conversation/snapshot.ts';
import { alice, bob, created, direct, group, sent, startMs } from '../conversation/story.fixture.ts';
import { topics } from '../log/topics.ts';
import { interrupted, World } from './conversation-world.fixture.ts';

const inGroup = (at = startMs) => sent({ conversation_id: group, sender_id: alice, at });

const groups = Array.from({ length: 100 }, (_, i) => `${group.slice(0, 34)}${String(i).padStart(2, '0')}`);

describe('when a batch is a checkpoint', () => {
  it('is at the end of the partition', async () => {
    const world = new World();
    world.append(sent(), sent(), sent());
    const processor = await world.processor();
    expect(await processor.handle(world.batch(0, 2))).toBeNull();
    expect(world.calls).not.toContain('save');
    expect(await processor.handle(world.batch(2))).toBe(3);
    expect(world.states.get(direct)!.offset).toBe(2);
  });

  it('is every 250 ms, or 1,000 records, of a backlog', async () => {
    const world = new World();
    for (let i = 0; i < 3_000; i++) world.append(sent({ conversation_id: groups[i % groups.length]! }));
    const processor = await world.processor();
    expect(await processor.handle(world.batch(0, 999))).toBeNull();
    expect(await processor.handle(world.batch(999, 1_000))).toBe(1_000);
    expect(await processor.handle(world.batch(1_000, 1_001))).toBeNull();
    world.nowMs += 249;
    expect(await processor.handle(world.batch(1_001, 1_002))).toBeNull();
    world.nowMs += 1;
    expect(await processor.handle(world.batch(1_002, 1_003))).toBe(1_003);
  });

  it('commits what holds nothing for any conversation', async () => {
    const world = new World();
    world.appendRaw(null, direct, startMs);
    expect(await (await world.processor()).handle(world.batch())).toBe(1);
    expect(world.states.size).toBe(0);
  });
});

describe('a conversation whose window holds many ids', () => {
  /** 2,000 ids, saved. Then one message at a time. */
  async function busyWorld() {
    const world = new World();
    world.append(created(1, alice, bob));
    for (let i = 0; i < 2_000; i++) world.append(inGroup());
    const processor = await world.processor();
    expect(await processor.handle(world.batch())).toBe(2_001);
    const next = async () => {
      world.append(inGroup());
      return processor.handle(world.batch(world.records.length - 1));
    };
    return { world, processor, next };
  }

  it('is not written again for every message, but within 5 s', async () => {
    const { world, next } = await busyWorld();
    expect(await next()).toBeNull();
    world.nowMs += 4_999;
    expect(await next()).toBeNull();
    expect(world.states.get(group)!.offset).toBe(2_000);
    world.nowMs += 1;
    expect(await next()).toBe(2_004);
    expect(world.states.get(group)!.offset).toBe(2_003);
  });

  it('is written once enough was decided to be worth it', async () => {
    const { next } = await busyWorld();
    const commits: (number | null)[] = [];
    for (let i = 0; i < 140; i++) commits.push(await next());
    expect(commits.filter((commit) => commit !== null).length).toBe(1);
  });

  it('invariant 10: holds the commit back, while others are saved and not decided again', async () => {
    const { world, processor, next } = await busyWorld();
    await next();
    world.append(sent());
    expect(await processor.handle(world.batch(2_002))).toBeNull();
    expect(world.states.get(direct)!.offset).toBe(2_002);
    world.calls = [];
    world.devicesOf.set(bob, [{ deviceId: bob, platform: 'ios' }]);
    await (await world.processor()).handle(world.batch(2_001));
    expect(world.rows.messageRows.size).toBe(2_002);
    expect(world.jobs.map(({ conversation_id }) => conversation_id)).toEqual([group]);
  });

  it('is written when its partition falls quiet, and then commits with the next batch', async () => {
    const { world, processor, next } = await busyWorld();
    processor.start();
    await next();
    world.timers.run();
    await processor.close();
    expect(world.states.get(group)!.offset).toBe(2_000);
    world.nowMs += 1_000;
    world.timers.run();
    await processor.close();
    expect(world.states.get(group)!.offset).toBe(2_001);
    world.append(sent());
    expect(await processor.handle(world.batch(2_002))).toBe(2_003);
  });

  it('invariant 3: may go on while it is written, and nothing of that is lost', async () => {
    const { world, processor, next } = await busyWorld();
    processor.start();
    await next();
    world.nowMs += 1_000;
    let written = () => {};
    world.wait = (step) => (step === 'save' ? new Promise((resolve) => (written = resolve)) : Promise.resolve());
    world.timers.run();
    await next();
    written();
    await processor.close();
    world.wait = () => Promise.resolve();
    expect(world.states.get(group)!.offset).toBe(2_001);
    world.append(sent());
    expect(await processor.handle(world.batch(2_003))).toBeNull();
    await next();
    const rows = [...world.rows.messageRows.values()].filter(({ conversationId }) => conversationId === group);
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 2_003 }, (_, i) => i + 1));
    world.nowMs += 5_000;
    expect(await next()).toBe(2_006);
  });

  it('rule 10: is left alone when its partition was taken away', async () => {
    const { world, processor, next } = await busyWorld();
    processor.start();
    await next();
    world.nowMs += 1_000;
    world.current = false;
    world.timers.run();
    await processor.close();
    expect(world.states.get(group)!.offset).toBe(2_000);
  });

  it('survives a store that fails while it is quiet', async () => {
    const { world, processor, next } = await busyWorld();
    processor.start();
    await next();
    world.nowMs += 1_000;
    world.interrupt = (step) => {
      if (step === 'save') throw interrupted;
    };
    world.timers.run();
    await processor.close();
    world.interrupt = () => undefined;
    world.nowMs += 5_000;
    expect(await next()).toBe(2_003);
  });
});

describe('a saved state of another layout', () => {
  async function worldWithOldLayout() {
    const world = new World();
    world.append(sent(), created(1, alice, bob), inGroup(), sent());
    await (await world.processor()).handle(world.batch());
    const bytes = new Map([...world.states].map(([id, { snapshot }]) => [id, snapshot.toString('hex')]));
    for (const [id, saved] of world.states) {
      const snapshot = Buffer.from(saved.snapshot);
      snapshot[0] = (stateVersion + 1) * 2;
      world.states.set(id, { ...saved, snapshot });
    }
    return { world, bytes };
  }

  it('is folded again from the log, up to the offset that it stood for', async () => {
    const { world, bytes } = await worldWithOldLayout();
    expect(decodeSnapshot(world.states.get(direct)!.snapshot)).toBeNull();
    world.append(sent(), inGroup());
    await (await world.processor()).handle(world.batch(4));
    expect([...world.rows.messageRows.values()].map(({ seq }) => seq)).toEqual([1, 1, 2, 3, 2]);
    const straight = new World();
    straight.records.push(...world.records);
    await (await straight.processor()).handle(straight.batch());
    expect(world.states).toEqual(straight.states);
    expect(bytes.size).toBe(2);
  });

  it('is not decided again where it was already', async () => {
    const { world, bytes } = await worldWithOldLayout();
    await (await world.processor()).handle(world.batch(1));
    expect(world.rows.messageRows.size).toBe(3);
    expect(world.calls.filter((step) => step === 'project').length).toBe(1);
    expect(encodeSnapshot(decodeSnapshot(Buffer.from(bytes.get(group)!, 'hex'))!).toString('hex')).toBe(
      bytes.get(group),
    );
  });

  it('stops the partition if the log no longer begins at its beginning', async () => {
    const { world } = await worldWithOldLayout();
    world.log.bounds = () => Promise.resolve({ earliest: 2, end: 4 });
    world.append(sent());
    const processor = await world.processor();
    await expect(processor.handle(world.batch(4))).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.log.records.get(topics.deadLetters)).toBeUndefined();
  });
});
