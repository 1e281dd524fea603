import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { PresenceChanged } from '@parley/schemas/generated/events';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { topics } from '../log/topics.ts';
import { PushJobQueue, pushJobId } from '../push/push-jobs.ts';
import { MemoryLedger } from './presence.fixture.ts';
import { PresenceProcessor } from './presence.ts';
import type { InboxSummary } from './presence-ports.ts';
import { batchOf, codec, MemoryGateways, MemoryLog, MemoryPoison } from './processor.fixture.ts';

const leaseMs = 50_000;
const startMs = 1_700_000_000_000;
const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [ann, bob, phone, web] = [uuid(1), uuid(2), uuid(11), uuid(12)];
const partition = 0;

const setUp = (log = new MemoryLog(), ledger = new MemoryLedger(leaseMs), missingGraceMs = leaseMs) => {
  const time = new VirtualTime(startMs);
  const gateways = new MemoryGateways();
  const inbox = new Map<string, InboxSummary[]>();
  const watermarks = new Map<string, { deviceId: string; kind: 'delivered' | 'read'; seq: number }[]>();
  const failing = { inbox: false };
  const processor = new PresenceProcessor({
    codec,
    poison: new MemoryPoison(),
    ledger,
    link: gateways,
    log,
    pushJobs: new PushJobQueue({ log, codec, clock: time }),
    inbox: {
      list: (userId, { after, limit }) => {
        if (failing.inbox) return Promise.reject(new ParleyError('unavailable'));
        const rows = (inbox.get(userId) ?? []).filter((row) => after === null || row.conversationId > after);
        return Promise.resolve(rows.slice(0, limit));
      },
    },
    watermarks: {
      watermarks: (conversationId, userId) => Promise.resolve(watermarks.get(`${conversationId}/${userId}`) ?? []),
    },
    clock: time,
    timers: time,
    metrics: new Registry(),
    logger: pino({ level: 'silent' }),
    leaseMs,
    missingGraceMs,
  });
  const say = (event: Partial<PresenceChanged>) => {
    const whole: PresenceChanged = {
      user_id: ann,
      device_id: phone,
      connection_id: 1,
      gateway_id: 'g1',
      status: 'online',
      at_ms: time.nowMs(),
      swept: false,
      ...event,
    };
    log.append({
      topic: topics.presence,
      key: whole.user_id,
      partitionKey: null,
      value: codec.encode('presence_changed', whole),
      timestampMs: time.nowMs(),
      appended: () => {},
      failed: () => {},
    });
  };
  /** Hands everything new in the topic to the processor. */
  const process = async (isCurrent = () => true) => {
    const from = log.offsets.get(topics.presence) ?? 0;
    const records = (log.records.get(topics.presence) ?? []).slice(from);
    if (records.length === 0) return;
    const next = await processor.handle(batchOf(records, isCurrent));
    if (next !== null) log.offsets.set(topics.presence, next);
  };
  const frames = () =>
    gateways.delivered.flatMap(({ gatewayId, items }) =>
      items.map(({ frame, watchersOf, targets }) => ({ gatewayId, watchersOf, targets, ...decodeFrame(frame) })),
    );
  const swept = () => log.eventsOf(topics.presence, 'presence_changed').filter((one) => one.swept);
  const jobs = () => log.eventsOf(topics.pushJobs, 'push_job');
  const assign = () => processor.assigned(1, [{ topic: topics.presence, partition }]);
  return {
    time,
    gateways,
    log,
    ledger,
    inbox,
    watermarks,
    failing,
    processor,
    say,
    process,
    frames,
    swept,
    jobs,
    assign,
  };
};

const row = (n: number, changes: Partial<InboxSummary> = {}): InboxSummary => ({
  conversationId: uuid(500 + n),
  otherUserId: bob,
  lastMessagePreview: null,
  lastMessageAtMs: startMs,
  lastSeq: 10,
  lastOrdinal: 10,
  ownOrdinal: 0,
  leftSeq: null,
  ...changes,
});

describe('the presence processor', () => {
  it('rule 19: tells a change to the gateways that watch the user, and to those alone', async () => {
    const { assign, say, process, ledger, frames } = setUp();
    await assign();
    ledger.watching.set(ann, ['g7', 'g8']);
    ledger.watching.set(bob, ['g9']);
    say({});
    await process();
    const body = { user_id: ann, status: 'online', last_seen_ms: null };
    expect(frames()).toEqual([
      { gatewayId: 'g7', watchersOf: ann, targets: [], name: 'presence', body },
      { gatewayId: 'g8', watchersOf: ann, targets: [], name: 'presence', body },
    ]);
  });

  it('tells nothing twice: a second device, the same event again, an end of one of two', async () => {
    const { assign, say, process, ledger, frames } = setUp();
    await assign();
    ledger.watching.set(ann, ['g7']);
    say({});
    await process();
    say({ device_id: web });
    say({});
    await process();
    say({ status: 'offline' });
    await process();
    expect(frames()).toHaveLength(1);
    say({ status: 'offline', device_id: web, at_ms: startMs + 7 });
    await process();
    expect(frames().map(({ body }) => body)[1]).toEqual({ user_id: ann, status: 'offline', last_seen_ms: startMs + 7 });
  });

  it('tells and commits nothing once the partition was taken away', async () => {
    const { assign, say, process, ledger, frames, log } = setUp();
    await assign();
    ledger.watching.set(ann, ['g7']);
    say({});
    await process(() => false);
    expect([frames(), log.offsets.get(topics.presence)]).toEqual([[], undefined]);
    await process();
    expect(frames()).toHaveLength(1);
  });

  it('makes one delivery for each gateway of a batch, and tells of a user once', async () => {
    const { assign, say, process, ledger, gateways, frames } = setUp();
    await assign();
    ledger.watching.set(ann, ['g7']);
    ledger.watching.set(bob, ['g7']);
    for (let i = 1; i < 6; i++) {
      say({ connection_id: i });
      say({ connection_id: i, status: 'offline' });
    }
    say({ user_id: bob, device_id: web });
    await process();
    expect(gateways.delivered).toHaveLength(1);
    expect(frames().map(({ body }) => (body as { status: string }).status)).toEqual(['offline', 'online']);
  });

  it('rule 17: offline ends only the connection that it names', async () => {
    const { assign, say, process, ledger, frames } = setUp();
    await assign();
    ledger.watching.set(ann, ['g7']);
    say({ connection_id: 1 });
    say({ connection_id: 2 });
    await process();
    say({ connection_id: 1, status: 'offline' });
    await process();
    expect(frames()).toHaveLength(1);
    expect(ledger.isOnline(ann)).toBe(true);
  });
});

describe('rule 14: when a gateway dies', () => {
  const dying = async () => {
    const all = setUp();
    await all.assign();
    all.processor.start();
    all.say({});
    await all.process();
    all.ledger.renew(partition, { userId: ann, deviceId: phone, connectionId: 1, gatewayId: 'g1' }, startMs);
    return all;
  };

  it('rule 19: its devices are offline within 60 s, once, last seen when their lease was renewed last', async () => {
    const { time, ledger, swept, process, frames, processor } = await dying();
    ledger.watching.set(ann, ['g7']);
    await time.advance(leaseMs - 1);
    expect(swept()).toEqual([]);
    await time.advance(5_001);
    await process();
    expect(time.nowMs() - startMs).toBeLessThanOrEqual(60_000);
    expect(frames().at(-1)).toMatchObject({ body: { status: 'offline', last_seen_ms: startMs } });
    await time.advance(600_000);
    await process();
    expect(swept()).toEqual([
      {
        user_id: ann,
        device_id: phone,
        connection_id: 1,
        gateway_id: 'g1',
        status: 'offline',
        at_ms: startMs,
        swept: true,
      },
    ]);
    expect(frames().filter(({ body }) => (body as { status: string }).status === 'offline')).toHaveLength(1);
    await processor.close();
    expect(time.nextAtMs()).toBeNull();
  });

  it('each conversation above the delivered watermark of the device gets a push job, unless the newest is its own', async () => {
    const { time, inbox, watermarks, jobs, processor } = await dying();
    inbox.set(ann, [
      row(1),
      row(2, { lastMessagePreview: 'hello', otherUserId: null }),
      row(3),
      row(4, { ownOrdinal: 10 }),
      row(5, { leftSeq: 4 }),
      row(6, { lastMessageAtMs: startMs - 8 * 86_400_000 }),
      row(7, { lastMessageAtMs: null, lastOrdinal: 0 }),
    ]);
    const mark = (deviceId: string, seq: number, kind: 'delivered' | 'read' = 'delivered') => ({ deviceId, kind, seq });
    watermarks.set(`${uuid(502)}/${ann}`, [mark(phone, 9), mark(web, 10), mark(phone, 10, 'read')]);
    watermarks.set(`${uuid(503)}/${ann}`, [mark(phone, 10)]);
    await time.advance(55_000);
    expect(jobs().map((job) => [job.conversation_id, job.seq, job.reason, job.sender_user_id])).toEqual([
      [uuid(501), 10, 'gateway_lost', bob],
      [uuid(502), 10, 'gateway_lost', null],
    ]);
    expect(jobs()[1]).toMatchObject({
      job_id: pushJobId(uuid(502), 10, phone),
      recipient_user_id: ann,
      recipient_device_id: phone,
      message_preview: 'hello',
      attempt: 1,
    });
    await processor.close();
  });

  it('lists of any length are looked through', async () => {
    const { time, inbox, jobs, processor } = await dying();
    inbox.set(
      ann,
      Array.from({ length: 450 }, (_, index) => row(index)),
    );
    await time.advance(55_000);
    await processor.close();
    expect(jobs()).toHaveLength(450);
  });

  it('a store that is down delays the jobs, but the end is told at once and only once', async () => {
    const { time, inbox, jobs, swept, failing, processor } = await dying();
    inbox.set(ann, [row(1)]);
    failing.inbox = true;
    await time.advance(120_000);
    expect(swept()).toHaveLength(1);
    expect(jobs()).toEqual([]);
    failing.inbox = false;
    await time.advance(5_000);
    expect(jobs()).toHaveLength(1);
    await time.advance(60_000);
    expect(jobs()).toHaveLength(1);
    expect(swept()).toHaveLength(1);
    await processor.close();
  });

  it('a lease stays until its end is in the log', async () => {
    const { time, swept, log, processor } = await dying();
    log.failWith = new ParleyError('log_unavailable');
    await time.advance(120_000);
    log.failWith = null;
    await time.advance(5_000);
    expect(swept()).toHaveLength(1);
    await processor.close();
  });

  it('after the lease store failed, gateways get one heartbeat to renew before anything counts as run out', async () => {
    const { time, ledger, swept, processor } = await dying();
    ledger.isDown = true;
    await time.advance(60_000);
    ledger.isDown = false;
    await time.advance(30_000);
    expect(swept()).toEqual([]);
    ledger.renew(partition, { userId: ann, deviceId: phone, connectionId: 1, gatewayId: 'g1' }, time.nowMs());
    await time.advance(leaseMs - 1);
    expect(swept()).toEqual([]);
    await time.advance(5_001);
    expect(swept()).toHaveLength(1);
    await processor.close();
  });

  it('partitions of others are not swept', async () => {
    const { time, swept, processor } = await dying();
    await processor.assigned(2, [{ topic: topics.presence, partition: 5 }]);
    await time.advance(120_000);
    expect(swept()).toEqual([]);
    await processor.close();
  });
});

describe('rule 19: after the lease store lost its data', () => {
  const lease = { userId: ann, deviceId: phone, connectionId: 1, gatewayId: 'g1' };

  it('a connection that nobody renews for the length of a lease counts as run out within 60 s, one that is renewed is entered anew', async () => {
    const { time, ledger, inbox, jobs, swept, say, process, assign, processor } = setUp();
    await assign();
    processor.start();
    inbox.set(ann, [row(1)]);
    say({});
    say({ user_id: bob, device_id: web });
    await process();
    const other = { userId: bob, deviceId: web, connectionId: 1, gatewayId: 'g1' };
    ledger.renew(partition, lease, time.nowMs());
    ledger.renew(partition, other, time.nowMs());
    await time.advance(10_000);
    ledger.loseData();
    await time.advance(30_000);
    ledger.renew(partition, other, time.nowMs());
    expect(ledger.isOnline(bob)).toBe(false);
    await time.advance(19_000);
    expect(swept()).toEqual([]);
    expect(ledger.isOnline(bob)).toBe(true);
    await time.advance(11_000);
    expect(swept().map(({ user_id }) => user_id)).toEqual([ann]);
    expect(jobs()).toHaveLength(1);
    for (let i = 0; i < 40; i++) {
      ledger.renew(partition, other, time.nowMs());
      await time.advance(5_000);
      await process();
    }
    expect(swept()).toHaveLength(1);
    await processor.close();
  });

  it('where store and gateways are one process, what an earlier run left is ended by the first sweep', async () => {
    const before = setUp();
    await before.assign();
    before.say({});
    await before.process();
    const { time, inbox, jobs, swept, assign, processor } = setUp(before.log, new MemoryLedger(leaseMs), 0);
    inbox.set(ann, [row(1)]);
    await assign();
    processor.start();
    await time.advance(5_000);
    expect(swept()).toHaveLength(1);
    expect(jobs()).toHaveLength(1);
    await processor.close();
  });

  it('a new owner knows from the topic which connections there were', async () => {
    const before = setUp();
    await before.assign();
    before.say({});
    before.say({ user_id: bob, device_id: web });
    before.say({ user_id: bob, device_id: web, status: 'offline' });
    await before.process();
    const { time, swept, assign, processor, say, process } = setUp(before.log);
    await assign();
    processor.start();
    say({ connection_id: 2, gateway_id: 'g2' });
    await process();
    await time.advance(70_000);
    expect(swept().map(({ device_id, connection_id }) => [device_id, connection_id])).toEqual([[phone, 2]]);
    await processor.close();
  });
});
