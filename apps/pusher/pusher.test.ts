import { EventCodec } from '@parley/schemas/codec/event-codec';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { PushJob } from '@parley/schemas/generated/events';
import type { InboxEntry } from '@parley/schemas/generated/wire';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import type { LogRecord, RecordBatch } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { jobFor, type PushJobSource } from '@parley/streams/push/push-jobs';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { PrintProvider } from './provider.print.ts';
import type { Notification, PushOutcome } from './provider.ts';
import { PushWorker } from './push-worker.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [bob, phone, alice, chat] = [uuid(1), uuid(2), uuid(3), uuid(4)];
const codec = new EventCodec(new EmbeddedSchemas());

const job = (seq: number, changes: Partial<PushJobSource> = {}): PushJob =>
  jobFor({
    recipientUserId: bob,
    recipientDeviceId: phone,
    platform: null,
    senderUserId: alice,
    conversationId: chat,
    messageId: null,
    seq,
    preview: null,
    reason: 'offline',
    enqueuedAtMs: 0,
    expiresAtMs: null,
    ...changes,
  });

const entry: InboxEntry = {
  ...{ conversation_id: chat, conversation_type: 'one_on_one', other_user_id: alice, group_id: null },
  ...{
    last_message_preview: null,
    last_message_at_ms: null,
    last_seq: 9,
    read_seq: 0,
    unread_count: 9,
    left_seq: null,
  },
  ...{ last_ordinal: 9, seen_ordinal: 0, marks: [] },
};

const setUp = () => {
  const time = new VirtualTime(1_700_000_000_000);
  const metrics = new Registry();
  const sent: Notification[] = [];
  const targets = new Map<string, { platform: 'ios'; token: string | null }>([
    [phone, { platform: 'ios', token: 't1' }],
  ]);
  const watermarks: { deviceId: string; kind: 'delivered' | 'read'; seq: number }[] = [];
  const marks: InboxEntry['marks'] = [];
  const behaviour = { outcome: 'sent' as PushOutcome, failAt: -1 };
  const buried: number[] = [];
  const worker = new PushWorker({
    codec,
    poison: {
      bury: (record) => {
        buried.push(record.offset);
        return Promise.resolve();
      },
    },
    recipients: {
      displayName: (userId) => Promise.resolve(userId === alice ? 'Alice' : null),
      pushTarget: (deviceId) => Promise.resolve(targets.get(deviceId) ?? null),
    },
    watermarks: { watermarks: () => Promise.resolve(watermarks) },
    inbox: { entryOf: () => Promise.resolve({ ...entry, marks }) },
    provider: {
      send: (notification) => {
        if (notification.seq === behaviour.failAt) return Promise.reject(new Error('the provider is down'));
        sent.push(notification);
        return Promise.resolve(behaviour.outcome);
      },
    },
    clock: time,
    metrics,
  });
  let offset = 0;
  const handle = (values: readonly (Buffer | PushJob | null)[], isCurrent = () => true) => {
    const records = values.map((value): LogRecord => {
      const bytes = value === null || Buffer.isBuffer(value) ? value : codec.encode('push_job', value);
      return { topic: topics.pushJobs, partition: 0, offset: offset++, timestampMs: 0, key: null, value: bytes };
    });
    const batch: RecordBatch = {
      topic: topics.pushJobs,
      partition: 0,
      generation: 1,
      records,
      endOffset: offset,
      isCurrent,
      heartbeat: () => Promise.resolve(),
    };
    return worker.handle(batch);
  };
  return { time, metrics, sent, targets, watermarks, marks, behaviour, buried, handle };
};

describe('the pusher', () => {
  it('resolves token, platform and name when the job is sent, and says no more than the preview', async () => {
    const { handle, sent, targets } = setUp();
    targets.set(phone, { platform: 'ios', token: 'a new token' });
    expect(await handle([job(1), job(2, { preview: 'hello', senderUserId: null })])).toBe(2);
    expect(sent).toEqual([
      {
        jobId: job(1).job_id,
        recipientUserId: bob,
        recipientDeviceId: phone,
        platform: 'ios',
        token: 'a new token',
        title: 'Alice',
        text: 'New message',
        conversationId: chat,
        messageId: null,
        seq: 1,
      },
      expect.objectContaining({ title: null, text: 'hello' }),
    ]);
  });

  it('tells nothing of what its user has muted, until then, nor of what they have cleared', async () => {
    const { handle, sent, marks, time, metrics } = setUp();
    marks.push({ kind: 'muted', value: time.nowMs() + 1_000, version: 1 }, { kind: 'pinned', value: 9e15, version: 1 });
    await handle([job(1)]);
    expect(sent).toEqual([]);
    await time.advance(1_000);
    marks.push({ kind: 'cleared', value: 2, version: 2 });
    await handle([job(2), job(3)]);
    expect(sent.map(({ seq }) => seq)).toEqual([3]);
    const { values } = await metrics.getSingleMetric('parley_push_dropped_total')!.get();
    const dropped = values.filter(({ value }) => value > 0).map(({ labels }) => labels['reason']);
    expect(dropped.sort()).toEqual(['cleared', 'muted']);
  });

  it('drops what nobody needs any more, and counts why', async () => {
    const { handle, sent, targets, watermarks, time, metrics, behaviour } = setUp();
    watermarks.push({ deviceId: phone, kind: 'delivered', seq: 5 }, { deviceId: uuid(9), kind: 'delivered', seq: 90 });
    watermarks.push({ deviceId: phone, kind: 'read', seq: 90 });
    targets.set(uuid(22), { platform: 'ios', token: null });
    await handle([
      job(5),
      job(6),
      job(7, { expiresAtMs: time.nowMs() }),
      job(8, { recipientDeviceId: uuid(21) }),
      job(8, { recipientDeviceId: uuid(22) }),
      job(6, { reason: 'gateway_lost' }),
    ]);
    expect(sent.map(({ seq }) => seq)).toEqual([6]);
    await handle([job(6, { reason: 'unacknowledged' })]);
    behaviour.outcome = 'token_invalid';
    await handle([job(9)]);
    const text = await metrics.metrics();
    for (const [reason, count] of Object.entries({
      acknowledged: 1,
      expired: 1,
      device_gone: 1,
      no_token: 1,
      duplicate: 2,
      token_invalid: 1,
    })) {
      expect(text).toContain(`parley_push_dropped_total{reason="${reason}"} ${count}`);
    }
    expect(text).toMatch(/parley_push_sent_total\{reason="(offline|gateway_lost)"\} 1/);
  });

  it('commits nothing while the provider is down; what was sent is not sent again with the batch', async () => {
    const { handle, sent, behaviour } = setUp();
    behaviour.failAt = 2;
    const jobs = [job(1), job(2), job(3)];
    await expect(handle(jobs)).rejects.toThrow('the provider is down');
    behaviour.failAt = -1;
    expect(await handle(jobs)).toBe(6);
    expect(sent.map(({ seq }) => seq).sort()).toEqual([1, 2, 3]);
  });

  it('sends nothing once the partition was taken away', async () => {
    const { handle, sent } = setUp();
    expect(await handle([job(1)], () => false)).toBeNull();
    expect(sent).toEqual([]);
  });

  it('buries poison and sends the rest', async () => {
    const { handle, sent, buried } = setUp();
    expect(await handle([null, Buffer.from('x'), job(1)])).toBe(3);
    expect([buried, sent.length]).toEqual([[0, 1], 1]);
  });
});

it('printing shows no token', async () => {
  const lines: string[] = [];
  const logger = pino({}, { write: (line) => void lines.push(line) });
  const { sent, handle } = setUp();
  await handle([job(3)]);
  expect(await new PrintProvider(logger).send(sent[0]!)).toBe('sent');
  expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'push', recipientDeviceId: phone, seq: 3, text: 'New message' });
  expect(lines[0]).not.toContain('t1');
});
