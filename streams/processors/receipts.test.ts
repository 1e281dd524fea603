import type { ReceiptAdvanced } from '@parley/schemas/generated/events';
import { describe, expect, it } from 'vitest';
import { topics } from '../log/topics.ts';
import { batchOf, codec, record } from './processor.fixture.ts';
import { ann, bob, chat, deviceOf, entryOf, eve, framesFor, group, online, setUp, uuid } from './receipts.fixture.ts';
import { maxMembersWithLiveReceipts } from './receipts.ts';

describe('the receipts processor', () => {
  it('projects, then routes, then commits', async () => {
    const { handle, steps, rows } = setUp();
    expect(await handle([{ seq: 3 }, { seq: 5 }])).toBe(2);
    expect(steps).toEqual(['project', 'route']);
    expect(rows.map(({ seq }) => seq)).toEqual([5]);
  });

  it('rule 18: a burst is one frame, to the other members and to the own other devices, not to the one that said so', async () => {
    const { handle, gateways } = setUp();
    for (const [userId, nth] of [
      [ann, 0],
      [bob, 0],
      [bob, 1],
    ] as const)
      online(gateways, userId, nth);
    await handle(Array.from({ length: 50 }, (_, index) => ({ kind: 'read' as const, seq: index + 1 })));
    const frame = {
      name: 'receipt',
      body: { conversation_id: chat, user_id: bob, kind: 'read', seq: 50, at_ms: 1_700_000_000_000 },
    };
    expect(framesFor(gateways, deviceOf(ann))).toEqual([frame]);
    const entry = { name: 'inbox_update', body: { request_id: null, entry: entryOf(bob, chat) } };
    expect(framesFor(gateways, deviceOf(bob, 1))).toEqual([frame, entry]);
    expect(framesFor(gateways, deviceOf(bob))).toEqual([]);
  });

  it('rule 18: a watermark never goes back, and what does not raise it is told to nobody', async () => {
    const { handle, gateways } = setUp();
    online(gateways, ann);
    await handle([{ seq: 9 }]);
    await handle([{ seq: 5 }, { seq: 9, device_id: deviceOf(bob, 1) }]);
    await handle([{ seq: 12 }]);
    const seqs = framesFor(gateways, deviceOf(ann)).map(({ body }) => (body as { seq: number }).seq);
    expect(seqs).toEqual([9, 12]);
  });

  it('commits nothing when projecting or routing fails, and tells the same when the batch comes again', async () => {
    const { handle, gateways, failing } = setUp();
    online(gateways, ann);
    failing.projector = true;
    await expect(handle([{ seq: 4 }])).rejects.toThrow('the store is down');
    failing.projector = false;
    failing.sessions = true;
    await expect(handle([{ seq: 4 }])).rejects.toThrow('sessions are down');
    failing.sessions = false;
    expect(framesFor(gateways, deviceOf(ann))).toEqual([]);
    await handle([{ seq: 4 }]);
    expect(framesFor(gateways, deviceOf(ann))).toHaveLength(1);
  });

  it('commits and routes nothing once the partition is taken away', async () => {
    const { handle, steps } = setUp();
    expect(await handle([{ seq: 4 }], () => false)).toBeNull();
    expect(steps).toEqual(['project']);
  });

  it('rule 7: buries poison and goes on', async () => {
    const { processor, poison, rows, handle } = setUp();
    await handle([{ seq: 1 }]);
    const bad = [null, Buffer.from('nonsense'), codec.encode('receipt_advanced', receiptOf(7)).subarray(0, 12)];
    const foreign = codec.encode('presence_changed', {
      user_id: ann,
      device_id: bob,
      connection_id: 1,
      gateway_id: 'g',
      status: 'online',
      at_ms: 0,
      swept: false,
    });
    const records = [...bad, foreign, codec.encode('receipt_advanced', receiptOf(8))].map((value, offset) =>
      record(topics.receipts, value, offset),
    );
    expect(await processor.handle(batchOf(records))).toBe(5);
    expect(poison.buried.map(({ record: one, error }) => [one.offset, error.code])).toEqual([
      [0, 'poison_format'],
      [1, 'poison_format'],
      [2, 'poison_payload'],
      [3, 'poison_schema'],
    ]);
    expect(rows.at(-1)!.seq).toBe(8);
  });

  it('reads the members of a 1:1 conversation once, of a group once a second, and anew for somebody it does not know', async () => {
    const { handle, members, reads, time, gateways } = setUp();
    for (let seq = 1; seq < 20; seq++) {
      await handle([{ seq }]);
      await time.advance(1_000);
    }
    expect(reads.members).toBe(1);
    members.set(group, [ann, bob]);
    online(gateways, ann);
    await handle([{ conversation_id: group, seq: 1 }]);
    await handle([{ conversation_id: group, seq: 2 }]);
    expect(reads.members).toBe(2);
    members.set(group, [ann, bob, eve]);
    gateways.delivered.length = 0;
    await handle([{ conversation_id: group, user_id: eve, device_id: deviceOf(eve), seq: 2 }]);
    expect(reads.members).toBe(3);
    expect(framesFor(gateways, deviceOf(ann))).toHaveLength(1);
    await time.advance(1_000);
    members.set(group, [ann, bob]);
    await handle([{ conversation_id: group, user_id: eve, device_id: deviceOf(eve), seq: 3 }]);
    expect(framesFor(gateways, deviceOf(ann))).toHaveLength(1);
  });
});

describe('rule 18: in a group of more than 32 members', () => {
  const large = Array.from({ length: maxMembersWithLiveReceipts + 1 }, (_, index) => uuid(index + 1));
  const from = (userId: string, seq: number, kind: 'delivered' | 'read' = 'delivered') => ({
    conversation_id: group,
    user_id: userId,
    device_id: deviceOf(userId),
    kind,
    seq,
  });

  it('only the minimum is told, when it has risen, at most once a second', async () => {
    const { handle, gateways, members, processor, time, reads } = setUp();
    members.set(group, [...large]);
    online(gateways, ann);
    processor.start();
    await handle(large.slice(0, -1).map((userId) => from(userId, 7)));
    await time.advance(1_000);
    expect(gateways.delivered).toEqual([]);
    await handle([from(large.at(-1)!, 4)]);
    await handle([from(large.at(-1)!, 5)]);
    expect(gateways.delivered).toEqual([]);
    await time.advance(1_000);
    expect(framesFor(gateways, deviceOf(ann)).map(({ name, body }) => [name, (body as { seq: number }).seq])).toEqual([
      ['receipt_aggregate', 5],
    ]);
    await handle([from(large[0]!, 9)]);
    await time.advance(5_000);
    expect(framesFor(gateways, deviceOf(ann))).toHaveLength(1);
    expect(reads.watermarks).toBe(large.length);
    await processor.close();
    expect(time.nextAtMs()).toBeNull();
  });

  it('the minimum is that of the current members, as projected', async () => {
    const { handle, gateways, members, processor, time, rows } = setUp();
    members.set(group, [...large, uuid(400)]);
    for (const userId of large) {
      rows.push({
        conversationId: group,
        userId,
        deviceId: deviceOf(userId, 1),
        kind: 'read',
        seq: 20,
        ordinal: 20,
        atMs: 1,
      });
    }
    online(gateways, ann);
    processor.start();
    await handle([from(ann, 21, 'read')]);
    await time.advance(1_000);
    expect(gateways.delivered).toEqual([]);
    members.set(group, large);
    await handle([from(ann, 22, 'read')]);
    await time.advance(1_000);
    // Who has read has received.
    expect(framesFor(gateways, deviceOf(ann))).toMatchObject(
      ['delivered', 'read'].map((kind) => ({ name: 'receipt_aggregate', body: { kind, seq: 20 } })),
    );
    await processor.close();
  });

  it('a failed telling is made up for in the next second', async () => {
    const { handle, gateways, members, processor, time, failing } = setUp();
    members.set(group, [...large]);
    online(gateways, ann);
    processor.start();
    await handle(large.map((userId) => from(userId, 3)));
    failing.sessions = true;
    await time.advance(1_000);
    expect(gateways.delivered).toEqual([]);
    failing.sessions = false;
    await time.advance(1_000);
    expect(framesFor(gateways, deviceOf(ann))).toHaveLength(1);
    await processor.close();
  });

  it('one who joined later does not count for what came before', async () => {
    const { handle, gateways, members, joins, processor, time } = setUp();
    members.set(group, [...large, uuid(400)]);
    joins.set(uuid(400), 10);
    online(gateways, ann);
    processor.start();
    await handle(large.map((userId) => from(userId, 12)));
    await time.advance(1_000);
    const [frame] = framesFor(gateways, deviceOf(ann));
    expect(frame).toMatchObject({ name: 'receipt_aggregate', body: { kind: 'delivered', seq: 9 } });
    await processor.close();
  });

  it('the one who is furthest behind, as the sender is, hears of the others alone', async () => {
    const { handle, gateways, members, processor, time } = setUp();
    members.set(group, [...large]);
    for (const userId of [ann, bob]) online(gateways, userId);
    processor.start();
    await handle(large.filter((userId) => userId !== ann).map((userId) => from(userId, 12)));
    await time.advance(1_000);
    await time.advance(1_000);
    const told = (userId: string) =>
      framesFor(gateways, deviceOf(userId)).map(({ body }) => (body as { seq: number }).seq);
    expect([told(ann), told(bob)]).toEqual([[12], []]);
    await handle([from(ann, 12)]);
    await time.advance(1_000);
    expect([told(ann), told(bob)]).toEqual([[12, 12], [12]]);
    await processor.close();
  });

  it('reading clears the badge on the own other devices all the same', async () => {
    const { handle, gateways, members, reads } = setUp();
    members.set(group, [...large]);
    online(gateways, ann);
    await handle([from(ann, 3, 'read'), from(bob, 3, 'read')]);
    expect(reads.entries).toBe(0);
    online(gateways, ann, 1);
    await handle([from(ann, 4, 'read')]);
    expect(framesFor(gateways, deviceOf(ann, 1)).map(({ name }) => name)).toEqual(['inbox_update']);
    expect(framesFor(gateways, deviceOf(ann))).toEqual([]);
  });

  it('32 members still hear of each other', async () => {
    const { handle, gateways, members } = setUp();
    members.set(group, large.slice(0, 32));
    online(gateways, ann);
    await handle([from(bob, 3)]);
    expect(framesFor(gateways, deviceOf(ann)).map(({ name }) => name)).toEqual(['receipt']);
  });
});

describe('personal marks', () => {
  it('are projected, then told to every device of the user, and to nobody else', async () => {
    const { mark, gateways, marks, steps } = setUp();
    for (const [userId, nth] of [
      [ann, 0],
      [bob, 0],
      [bob, 1],
    ] as const)
      online(gateways, userId, nth);
    await mark([{ value: 1, version: 7 }]);
    expect(marks).toEqual([{ conversationId: chat, userId: bob, kind: 'pinned', value: 1, ordinal: 0, version: 7 }]);
    expect(steps[0]).toBe('project');
    const frame = { name: 'inbox_update', body: { request_id: null, entry: entryOf(bob, chat) } };
    expect([deviceOf(bob), deviceOf(bob, 1)].map((id) => framesFor(gateways, id))).toEqual([[frame], [frame]]);
    expect(framesFor(gateways, deviceOf(ann))).toEqual([]);
  });

  it('rule 8: of one batch the greatest version stands, whatever the order of the records', async () => {
    const { mark, marks } = setUp();
    await mark([
      { value: 1, version: 5 },
      { value: 0, version: 9 },
      { value: 1, version: 7 },
      { kind: 'cleared', value: 8, ordinal: 6, version: 8 },
      { kind: 'cleared', value: 4, ordinal: 4, version: 4 },
      { kind: 'other', value: 3, version: 99 },
    ]);
    expect(marks.map(({ kind, value, version }) => [kind, value, version])).toEqual([
      ['pinned', 0, 9],
      ['cleared', 8, 8],
    ]);
  });

  it('tell nothing where there is no entry, or nobody to be told', async () => {
    const { mark, gateways, reads } = setUp();
    await mark([{}]);
    expect(reads.entries).toBe(0);
    online(gateways, eve);
    await mark([{ user_id: eve, device_id: deviceOf(eve) }]);
    expect(reads.entries).toBe(1);
    expect(gateways.delivered).toEqual([]);
  });

  it('rule 18: what is read for the user alone is told to nobody else', async () => {
    const { mark, gateways, rows } = setUp();
    for (const userId of [ann, bob]) online(gateways, userId);
    await mark([{ kind: 'read', value: 6, ordinal: 6, version: 6 }]);
    expect(rows).toEqual([]);
    expect(framesFor(gateways, deviceOf(ann))).toEqual([]);
    expect(framesFor(gateways, deviceOf(bob)).map(({ name }) => name)).toEqual(['inbox_update']);
  });
});

function receiptOf(seq: number): ReceiptAdvanced {
  return {
    conversation_id: chat,
    user_id: bob,
    device_id: deviceOf(bob),
    kind: 'delivered',
    seq,
    ordinal: seq,
    at_ms: 1,
  };
}
