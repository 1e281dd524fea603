import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { open } from 'lmdb';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAll } from '../log/append-all.ts';
import { MemoryCheckpoints } from '../log/contract/memory-checkpoints.ts';
import { until } from '../log/contract/world.ts';
import { LmdbLog } from '../log/lmdb/lmdb-log.ts';
import { openLmdbLogReader } from '../log/lmdb/log-reader.ts';
import { topicSpecs, topics } from '../log/topics.ts';
import { AuditFollower, auditGroup } from './audit-follower.ts';
import { Findings } from './findings.ts';
import { codec } from './plain-log.fixture.ts';
import { PartitionVerifier } from './verify-partition.ts';

const partitions = 2;
const logger = pino({ level: 'silent' });

describe('an audit of the embedded log', () => {
  let folder: string;
  let checkpoints: MemoryCheckpoints;
  let log: LmdbLog;

  const openLog = () => LmdbLog.open({ path: folder, clock: systemClock, timers: systemTimers, logger, checkpoints });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-audit-'));
    checkpoints = new MemoryCheckpoints();
    log = await openLog();
    await log.ensureTopics(topicSpecs(partitions));
  });

  afterEach(async () => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const append = (first: number, count: number) =>
    appendAll(
      log,
      Array.from({ length: count }, (_, index) => {
        const value = Buffer.from(`record ${first + index}`);
        return { topic: topics.messages, key: `key ${index % 7}`, value, timestampMs: systemClock.nowMs() };
      }),
    );

  const follower = (intervalMs = 60_000) =>
    new AuditFollower(
      { log, codec, clock: systemClock, timers: systemTimers, logger, metrics: new Registry() },
      { intervalMs, maxBatchRecords: 100 },
    );

  /** Reads as another process does. */
  async function verify() {
    const reader = openLmdbLogReader(folder);
    const findings = new Findings();
    let records = 0;
    let checkpointsRead = 0;
    try {
      for (let partition = 0; partition < partitions; partition++) {
        const audit = { topic: topics.messages, partition, fromOffset: 0 };
        const verdict = await new PartitionVerifier({ log: reader, codec }, audit, findings).verify();
        records += verdict.records;
        checkpointsRead += verdict.checkpoints;
      }
    } finally {
      await reader.close();
    }
    const named = findings.listed.map(
      ({ topic, partition, offset, what }) => `${what} ${topic}/${partition}/${offset}`,
    );
    return { records, checkpoints: checkpointsRead, named };
  }

  async function sealed(count: number): Promise<void> {
    const following = follower();
    await following.start();
    await append(0, count);
    await until(async () => {
      await following.seal();
      return (await verify()).records === count;
    }, 'everything is sealed');
    await following.close();
  }

  it('follows the log by itself, writes nothing while nothing comes, and goes on where it was', async () => {
    const following = follower(20);
    await following.start();
    await append(0, 500);
    await until(async () => (await verify()).records === 500, 'the timer seals');
    await following.close();
    const { checkpoints: written } = await verify();

    await log.close();
    log = await openLog();
    const again = follower();
    await again.start();
    await again.close();
    expect((await verify()).checkpoints).toBe(written);
    const third = follower();
    await third.start();
    await append(500, 100);
    await until(async () => {
      await third.seal();
      return (await verify()).records === 600;
    }, 'the rest is sealed');
    await third.close();
    expect((await verify()).named).toEqual([]);
  });

  it('commits no offset that is not sealed', async () => {
    const following = follower();
    await following.start();
    await append(0, 50);
    await until(async () => (await verify()).records === 0, 'nothing is sealed yet');
    for (let partition = 0; partition < partitions; partition++) {
      expect(checkpoints.load(auditGroup, topics.messages, partition) ?? 0).toBe(0);
    }
    await following.close();
    expect((await verify()).records).toBe(50);
  });

  it('reads everything again after its offsets were lost, and seals nothing twice', async () => {
    await sealed(300);
    const { checkpoints: written } = await verify();
    await log.close();
    checkpoints = new MemoryCheckpoints();
    log = await openLog();
    const following = follower();
    await following.start();
    await append(300, 10);
    await until(async () => {
      await following.seal();
      return (await verify()).records === 310;
    }, 'the new ones are sealed');
    await following.close();
    const { checkpoints: after, named } = await verify();
    expect(named).toEqual([]);
    expect(after - written).toBeLessThanOrEqual(2 * partitions);
  });

  /** Opens the file as anybody with access to it could. */
  async function tamper(edit: (records: ReturnType<typeof rawRecords>) => Promise<unknown>): Promise<void> {
    await log.close();
    const raw = open({ path: folder, maxDbs: 8 });
    await edit(rawRecords(raw));
    await raw.close();
    log = await openLog();
  }

  const rawRecords = (raw: ReturnType<typeof open>) =>
    raw.openDB<Buffer, Buffer>({ name: 'records', encoding: 'binary', keyEncoding: 'binary' });

  /** 10 bytes: topic number and partition (4), offset (6); chat.messages was the first topic that was made. */
  const keyOf = (partition: number, offset: number) => {
    const key = Buffer.alloc(10);
    key.writeUInt32BE(0x1_0000 + partition, 0);
    key.writeUIntBE(offset, 4, 6);
    return key;
  };

  it('names a record that was changed in the file', async () => {
    await sealed(200);
    await tamper((records) => {
      const value = Buffer.from(records.get(keyOf(1, 17))!);
      value[value.length - 1]! ^= 1;
      return records.put(keyOf(1, 17), value);
    });
    expect((await verify()).named).toEqual([`changed ${topics.messages}/1/17`]);
  });

  it('names a record that was removed from the file, the last one too', async () => {
    await sealed(200);
    const { end } = await log.bounds(topics.messages, 0);
    await tamper(async (records) => {
      await records.remove(keyOf(0, 5));
      await records.remove(keyOf(0, end - 1));
    });
    expect((await verify()).named).toEqual([
      `removed ${topics.messages}/0/5`,
      `removed ${topics.messages}/0/${end - 1}`,
    ]);
  });

  it('names two records that were swapped in the file', async () => {
    await sealed(200);
    await tamper(async (records) => {
      const [one, other] = [keyOf(0, 3), keyOf(0, 30)];
      const [first, second] = [Buffer.from(records.get(one)!), Buffer.from(records.get(other)!)];
      await records.put(one, second);
      await records.put(other, first);
    });
    expect((await verify()).named).toEqual([`reordered ${topics.messages}/0/3`, `reordered ${topics.messages}/0/30`]);
  });
});
