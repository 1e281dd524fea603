import { leaseMs } from '@parley/projections/presence/store';
import { MemoryPresenceStore } from '@parley/projections/presence/store.memory';
import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { PresenceChanged } from '@parley/schemas/generated/events';
import { appendAll } from '@parley/streams/log/append-all';
import { topics } from '@parley/streams/log/topics';
import { PresenceProcessor } from '@parley/streams/processors/presence';
import { batchOf, codec, MemoryGateways, MemoryLog, MemoryPoison } from '@parley/streams/processors/processor.fixture';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [ann, phone] = [uuid(1), uuid(2)];
const startMs = 1_700_000_000_000;

const setUp = async () => {
  const time = new VirtualTime(startMs);
  const log = new MemoryLog();
  const store = new MemoryPresenceStore();
  const gateways = new MemoryGateways();
  const processor = new PresenceProcessor({
    codec,
    poison: new MemoryPoison(),
    ledger: store,
    link: gateways,
    log,
    pushJobs: new PushJobQueue({ log, codec, clock: time }),
    inbox: { list: () => Promise.resolve([]) },
    watermarks: { watermarks: () => Promise.resolve([]) },
    clock: time,
    timers: time,
    metrics: new Registry(),
    logger: pino({ level: 'silent' }),
    leaseMs,
    missingGraceMs: leaseMs,
  });
  await processor.assigned(1, [{ topic: topics.presence, partition: 0 }]);
  processor.start();
  await store.watch('watching-gateway', [ann], startMs);
  const connect = async (connectionId: number, gatewayId: string) => {
    const event: PresenceChanged = {
      user_id: ann,
      device_id: phone,
      connection_id: connectionId,
      gateway_id: gatewayId,
      status: 'online',
      at_ms: time.nowMs(),
      swept: false,
    };
    await renew(connectionId, gatewayId);
    const value = codec.encode('presence_changed', event);
    await appendAll(log, [{ topic: topics.presence, key: ann, value, timestampMs: time.nowMs() }]);
  };
  const renew = (connectionId: number, gatewayId: string) =>
    store.renew([{ userId: ann, deviceId: phone, connectionId, gatewayId, partition: 0 }], time.nowMs());
  const process = async () => {
    const records = (log.records.get(topics.presence) ?? []).slice(log.offsets.get(topics.presence) ?? 0);
    if (records.length === 0) return;
    log.offsets.set(topics.presence, (await processor.handle(batchOf(records)))!);
  };
  /** Lets time pass as it does: sweeps and what they append are processed every second. */
  const pass = async (ms: number, each: () => Promise<void> = async () => {}) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await time.advance(1_000);
      await each();
      await process();
    }
  };
  const told = () =>
    gateways.delivered.flatMap(({ items }) =>
      items.map(({ frame }) => (decodeFrame(frame).body as { status: string }).status),
    );
  return { time, store, log, connect, renew, process, pass, told, processor };
};

describe('presence on the store that gateways write', () => {
  it('rules 14 and 19: a dead gateway’s device is offline within 60 s of its last heartbeat, told once', async () => {
    const { connect, process, pass, told, store, time, processor } = await setUp();
    await connect(1, 'g1');
    await process();
    expect(told()).toEqual(['online']);
    await pass(60_000);
    expect(told()).toEqual(['online', 'offline']);
    expect(await store.read([ann])).toEqual([{ userId: ann, status: 'offline', lastSeenMs: startMs }]);
    await pass(120_000);
    expect(told()).toEqual(['online', 'offline']);
    await processor.close();
    expect(time.nextAtMs()).toBeNull();
  });

  it('rule 17: the sweep of a dead connection leaves the newer one of the same device online', async () => {
    const { connect, pass, renew, told, store, log, processor } = await setUp();
    await connect(1, 'g1');
    await pass(5_000);
    await connect(2, 'g2');
    await pass(120_000, () => renew(2, 'g2'));
    expect(told()).toEqual(['online']);
    expect((await store.read([ann]))[0]!.status).toBe('online');
    const swept = log.eventsOf(topics.presence, 'presence_changed').filter((event) => event.swept);
    expect(swept.map((event) => event.connection_id)).toEqual([1]);
    await processor.close();
  });

  it('rule 19: after the store lost its data, who is renewed stays online, who is not is offline', async () => {
    const { connect, pass, renew, store, told, processor } = await setUp();
    await connect(1, 'g1');
    await pass(10_000, () => renew(1, 'g1'));
    await store.close();
    await pass(20_000);
    await store.watch('watching-gateway', [ann], startMs + 30_000);
    await pass(30_000, () => renew(1, 'g1'));
    expect((await store.read([ann]))[0]!.status).toBe('online');
    await store.close();
    await store.watch('watching-gateway', [ann], startMs + 60_000);
    await pass(66_000);
    expect(told()).toEqual(['online', 'offline']);
    expect((await store.read([ann]))[0]!.status).toBe('offline');
    await processor.close();
  });
});
