import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedProjections } from '@parley/projections/lmdb/projections';
import { MemoryPresenceStore } from '@parley/projections/presence/store.memory';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { systemClock, systemRandom, systemTimers } from '@parley/schemas/environment/system';
import type { EventName, EventTypes, MessageSent, PushJob } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { currentRules } from '@parley/streams/conversation/rules';
import type { DeliveryItem, SessionEntry } from '@parley/streams/delivery/delivery';
import { InProcessLink } from '@parley/streams/delivery/link.in-process';
import { appendAll } from '@parley/streams/log/append-all';
import { LmdbLog } from '@parley/streams/log/lmdb/lmdb-log';
import { topicSpecs, topics } from '@parley/streams/log/topics';
import { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createProcessor } from './processor.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [alice, bob] = [uuid(1), uuid(2)];
const [alicePhone, bobPhone, bobDesktop] = [uuid(11), uuid(12), uuid(13)];
const chat = directConversationId(alice, bob);
const codec = new EventCodec(new EmbeddedSchemas());
const closers: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The processor app on the embedded adapters, with one gateway that remembers what it is given. */
async function setUp(folder: string) {
  const metrics = new Registry();
  const logger = pino({ level: 'silent' });
  const projections = openEmbeddedProjections(join(folder, 'projections'), { clock: systemClock, metrics });
  const log = await LmdbLog.open({
    path: join(folder, 'log'),
    clock: systemClock,
    timers: systemTimers,
    logger,
    checkpoints: projections.checkpoints,
  });
  await log.ensureTopics(topicSpecs(2));
  const items: DeliveryItem[] = [];
  const link = new InProcessLink();
  link.register('gateway', {
    deliver: (delivered) => {
      items.push(...delivered);
      return [];
    },
  });
  const sessions: SessionEntry[] = [];
  const presence = new MemoryPresenceStore();
  const processor = createProcessor({
    log,
    codec,
    projections,
    sessions: { lookup: async (ids) => ids.map((id) => sessions.filter(({ userId }) => userId === id)) },
    link,
    devices: {
      devicesOf: async (ids) =>
        ids.map((id) => {
          const deviceIds = id === alice ? [alicePhone] : [bobPhone, bobDesktop];
          return deviceIds.map((deviceId) => ({ deviceId, platform: 'ios' as const }));
        }),
    },
    dataKeys: new MemoryDataKeys(systemClock),
    presence,
    clock: systemClock,
    timers: systemTimers,
    metrics,
    logger,
  });
  await processor.start();
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await processor.close();
    await log.close();
    await projections.close();
  };
  closers.push(close);
  const append = <N extends EventName>(topic: string, name: N, event: EventTypes[N], key: string, partitionKey = key) =>
    appendAll(log, [{ topic, key, partitionKey, value: codec.encode(name, event), timestampMs: systemClock.nowMs() }]);
  const framesFor = (deviceId: string) =>
    items
      .filter(({ targets }) => targets.some((target) => target.deviceId === deviceId))
      .map(({ frame }) => decodeFrame(frame));
  const jobs = async (): Promise<PushJob[]> => {
    const found: PushJob[] = [];
    for (const partition of [0, 1]) {
      for await (const records of log.read({ topic: topics.pushJobs, partition, from: { offset: 0 } })) {
        for (const { value } of records) found.push(codec.decode(value).event as PushJob);
      }
    }
    return found;
  };
  return { append, framesFor, jobs, sessions, presence, items, close };
}

const folderForTest = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-processor-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const online = (userId: string, deviceId: string): SessionEntry => ({
  userId,
  deviceId,
  gatewayId: 'gateway',
  connectionId: 1,
});

const message = (body: string): MessageSent => ({
  conversation_id: chat,
  peer_id: bob,
  message_id: makeMessageId(systemClock.nowMs(), systemRandom),
  sender_id: alice,
  sender_device_id: alicePhone,
  message_type: 'text',
  encrypted_body: Buffer.from(body),
  preview: null,
  media_url: null,
  thumbnail_url: null,
  reply_to: null,
  target: null,
  timer_seconds: 0,
  mls: null,
  sealed_content: null,
  rules_version: currentRules.version,
});

describe('the processor app on embedded adapters', () => {
  it('takes a message from the log to devices, push jobs and receipts, and goes on where it stopped', async () => {
    const folder = folderForTest();
    const first = await setUp(folder);
    first.sessions.push(online(alice, alicePhone), online(bob, bobPhone));
    await first.append(topics.messages, 'message_sent', message('hello'), chat);
    await vi.waitFor(() => expect(first.framesFor(bobPhone).map(({ name }) => name)).toEqual(['message']));
    await vi.waitFor(() => expect(first.framesFor(alicePhone).map(({ name }) => name)).toEqual(['accepted']));
    await vi.waitFor(async () =>
      expect((await first.jobs()).map((job) => [job.recipient_device_id, job.seq, job.reason])).toEqual([
        [bobDesktop, 1, 'offline'],
      ]),
    );
    const receipt = {
      conversation_id: chat,
      user_id: bob,
      device_id: bobPhone,
      kind: 'delivered' as const,
      seq: 1,
      ordinal: 1,
      at_ms: systemClock.nowMs(),
    };
    await first.append(topics.receipts, 'receipt_advanced', receipt, `${chat}:${bob}:delivered`, chat);
    await vi.waitFor(() =>
      expect(first.framesFor(alicePhone).at(-1)).toMatchObject({ name: 'receipt', body: { seq: 1 } }),
    );
    await first.close();

    const second = await setUp(folder);
    second.sessions.push(online(alice, alicePhone), online(bob, bobPhone), online(bob, bobDesktop));
    await second.append(topics.messages, 'message_sent', message('again'), chat);
    await vi.waitFor(() =>
      expect(second.framesFor(bobDesktop)).toMatchObject([{ name: 'message', body: { message: { seq: 2 } } }]),
    );
    expect(await second.jobs()).toHaveLength(1);
  });

  it('tells the watchers of a user who connects', async () => {
    const { append, presence, items } = await setUp(folderForTest());
    await presence.watch('gateway', [bob], systemClock.nowMs());
    const event = {
      user_id: bob,
      device_id: bobPhone,
      connection_id: 1,
      gateway_id: 'gateway',
      status: 'online' as const,
      at_ms: systemClock.nowMs(),
      swept: false,
    };
    await append(topics.presence, 'presence_changed', event, bob);
    await vi.waitFor(() => expect(items).toMatchObject([{ watchersOf: bob, targets: [] }]));
  });
});
