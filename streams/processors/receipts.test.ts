import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { ReceiptAdvanced } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Router } from '../delivery/router.ts';
import { topics } from '../log/topics.ts';
import type { ReceiptRow } from './ports.ts';
import { batchOf, codec, MemoryGateways, MemoryPoison, record } from './processor.fixture.ts';
import { maxMembersWithLiveReceipts, ReceiptsProcessor } from './receipts.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [ann, bob, eve] = [uuid(1), uuid(2), uuid(3)];
const chat = directConversationId(ann, bob);
const group = uuid(900);

const setUp = () => {
  const time = new VirtualTime(1_700_000_000_000);
  const gateways = new MemoryGateways();
  const poison = new MemoryPoison();
  const members = new Map<string, string[]>([[chat, [ann, bob]]]);
  const rows: ReceiptRow[] = [];
  const steps: string[] = [];
  const reads = { members: 0, watermarks: 0 };
  const failing = { projector: false, sessions: false };
  const processor = new ReceiptsProcessor({
    codec,
    poison,
    projector: {
      project: (projected) => {
        if (failing.projector) return Promise.reject(new Error('the store is down'));
        steps.push('project');
        rows.push(...projected);
        return Promise.resolve();
      },
    },
    watermarks: {
      watermarks: (conversationId, userId) => {
        reads.watermarks++;
        return Promise.resolve(rows.filter((row) => row.conversationId === conversationId && row.userId === userId));
      },
    },
    members: {
      currentMembers: (conversationId) => {
        reads.members++;
        return Promise.resolve(members.get(conversationId) ?? []);
      },
    },
    router: new Router(
      {
        lookup: (userIds) => {
          if (failing.sessions) return Promise.reject(new Error('sessions are down'));
          steps.push('route');
          return gateways.lookup(userIds);
        },
      },
      gateways,
    ),
    clock: time,
    timers: time,
    metrics: new Registry(),
    logger: pino({ level: 'silent' }),
  });
  let offset = 0;
  const handle = (events: readonly Partial<ReceiptAdvanced>[], isCurrent = () => true) => {
    const records = events.map((event) => {
      const whole: ReceiptAdvanced = {
        conversation_id: chat,
        user_id: bob,
        device_id: deviceOf(bob),
        kind: 'delivered',
        seq: 1,
        ordinal: 1,
        at_ms: time.nowMs(),
        ...event,
      };
      return record(topics.receipts, codec.encode('receipt_advanced', whole), offset++);
    });
    return processor.handle(batchOf(records, isCurrent));
  };
  return { time, gateways, poison, members, rows, steps, reads, failing, processor, handle };
};

const deviceOf = (userId: string, nth = 0): string => uuid(1_000 + 10 * Number.parseInt(userId.slice(-4), 16) + nth);

const online = (gateways: MemoryGateways, userId: string, nth = 0) =>
  gateways.sessions.push({ userId, deviceId: deviceOf(userId, nth), gatewayId: 'g', connectionId: 1 });

/** Frames by device, in order. */
const framesFor = (gateways: MemoryGateways, deviceId: string) =>
  gateways.delivered.flatMap(({ items }) =>
    items
      .filter(({ targets }) => targets.some((one) => one.deviceId === deviceId))
      .map(({ frame }) => decodeFrame(frame)),
  );

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
    expect(framesFor(gateways, deviceOf(bob, 1))).toEqual([frame]);
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
    const [frame] = framesFor(gateways, deviceOf(ann));
    expect(frame).toMatchObject({ name: 'receipt_aggregate', body: { kind: 'read', seq: 20 } });
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

  it('32 members still hear of each other', async () => {
    const { handle, gateways, members } = setUp();
    members.set(group, large.slice(0, 32));
    online(gateways, ann);
    await handle([from(bob, 3)]);
    expect(framesFor(gateways, deviceOf(ann)).map(({ name }) => name)).toEqual(['receipt']);
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
