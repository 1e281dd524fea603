import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { describe, expect, it } from 'vitest';
import type { Append } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import { codec, MemoryLog } from '../processors/processor.fixture.ts';
import { jobFor, PushJobQueue, type PushJobSource, pushJobId } from './push-jobs.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const source: PushJobSource = {
  recipientUserId: uuid(1),
  recipientDeviceId: uuid(2),
  platform: 'ios',
  senderUserId: uuid(3),
  conversationId: uuid(4),
  messageId: '01JCQZ5P3V7J9W1T0G8H4K2M6N',
  seq: 41,
  preview: 'hello',
  reason: 'offline',
  enqueuedAtMs: 1_700_000_000_000,
  expiresAtMs: null,
};

describe('push jobs', () => {
  it('of the same message and device have the same id, whoever asks for them', () => {
    const swept = jobFor({ ...source, reason: 'gateway_lost', messageId: null, preview: null, enqueuedAtMs: 5 });
    expect(swept.job_id).toBe(jobFor(source).job_id);
    expect(isUuid(swept.job_id)).toBe(true);
    const others = [
      pushJobId(uuid(4), 42, uuid(2)),
      pushJobId(uuid(4), 41, uuid(9)),
      pushJobId(uuid(9), 41, uuid(2)),
      pushJobId(uuid(4), 41, uuid(2)),
    ];
    expect(new Set(others).size).toBe(4);
    expect(others[3]).toBe(swept.job_id);
  });

  it('are in the log, by recipient, when enqueue resolves; the record carries the time of the appending', async () => {
    const log = new MemoryLog();
    const time = new VirtualTime(1_800_000_000_000);
    await new PushJobQueue({ log, codec, clock: time }).enqueue([jobFor(source)]);
    expect(log.eventsOf(topics.pushJobs, 'push_job')).toEqual([jobFor(source)]);
    const [record] = log.records.get(topics.pushJobs)!;
    expect(record).toMatchObject({ key: Buffer.from(uuid(1)), timestampMs: 1_800_000_000_000 });
  });

  it('of a long list are never more in flight than 2,000', async () => {
    const waiting: Append[] = [];
    const log = { append: (one: Append) => void waiting.push(one) };
    const queue = new PushJobQueue({ log, codec, clock: new VirtualTime(0) });
    const done = queue.enqueue(Array.from({ length: 4_500 }, (_, seq) => jobFor({ ...source, seq })));
    const rounds: number[] = [];
    while (waiting.length > 0) {
      rounds.push(waiting.length);
      for (const one of waiting.splice(0)) one.appended(0, 0);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
    await done;
    expect(rounds).toEqual([2_000, 2_000, 500]);
  });

  it('that the log refuses are the caller’s to enqueue again', async () => {
    const log = new MemoryLog();
    log.failWith = new ParleyError('log_unavailable');
    const queue = new PushJobQueue({ log, codec, clock: new VirtualTime(0) });
    await expect(queue.enqueue([jobFor(source)])).rejects.toThrow('log_unavailable');
    const full = {
      append: () => {
        throw new ParleyError('queue_full');
      },
    };
    await expect(
      new PushJobQueue({ log: full, codec, clock: new VirtualTime(0) }).enqueue([jobFor(source)]),
    ).rejects.toThrow('queue_full');
  });
});
