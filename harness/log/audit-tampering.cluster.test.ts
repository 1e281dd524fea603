/** An audit of Kafka's own files: somebody with access to the broker's disk changes a segment, and is found out. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { Findings } from '@parley/streams/audit/findings';
import { PartitionSealer } from '@parley/streams/audit/partition-sealer';
import { PartitionVerifier } from '@parley/streams/audit/verify-partition';
import { appendAll } from '@parley/streams/log/append-all';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { topicSpecs, topics } from '@parley/streams/log/topics';
import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KafkaService } from '../services/kafka.ts';
import { freePorts } from '../services/ports.ts';

const codec = new EventCodec(new EmbeddedSchemas());
const logger = pino({ level: 'silent' });
const partition = 0;

let folder: string;
let broker: KafkaService;
let log: KafkaLog;

const connect = () =>
  KafkaLog.connect({
    ...{ brokers: [broker.address], clientId: 'audit', clock: systemClock, timers: systemTimers, logger },
    sessionTimeoutMs: 6_000,
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-audited-'));
  const [client, controller] = (await freePorts(2)) as [number, number];
  broker = new KafkaService(join(folder, 'kafka'), { broker: client, controller });
  await broker.start();
}, 180_000);

afterAll(async () => {
  await broker.wipe();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await broker.start();
  log = await connect();
  await log.ensureTopics(topicSpecs(1));
}, 120_000);

afterEach(async () => {
  await log.close();
  const admin = adminOf();
  await admin.connect();
  await admin.deleteTopics({ topics: [topics.messages, topics.audit] });
  await admin.disconnect();
}, 120_000);

const adminOf = () => new Kafka({ brokers: [broker.address], clientId: 'admin', logLevel: logLevel.NOTHING }).admin();

async function say(texts: readonly string[], in_: KafkaLog = log): Promise<void> {
  for (const text of texts) {
    const value = Buffer.from(text);
    await appendAll(in_, [{ topic: topics.messages, key: 'key', value, timestampMs: systemClock.nowMs() }]);
  }
}

async function seal(): Promise<void> {
  const sealer = await PartitionSealer.open({ log, codec, clock: systemClock }, topics.messages, partition);
  await sealer.readTo((await log.bounds(topics.messages, partition)).end);
  await sealer.seal();
}

async function verify(): Promise<{ named: string[]; records: number }> {
  const findings = new Findings();
  const audit = { topic: topics.messages, partition, fromOffset: 0 };
  const { records } = await new PartitionVerifier({ log, codec }, audit, findings).verify();
  return { records, named: findings.listed.map(({ what, offset }) => `${what} ${offset}`) };
}

/** With the broker stopped, as anybody with its disk could. */
async function edit(change: (segment: Buffer) => Buffer): Promise<void> {
  await log.close();
  await broker.stop();
  const place = join(folder, 'kafka', 'data', `${topics.messages}-${partition}`);
  const segment = readdirSync(place).find((name) => name.endsWith('.log'))!;
  writeFileSync(join(place, segment), change(readFileSync(join(place, segment))));
  await broker.start();
  log = await connect();
}

const batchHeader = { length: 8, crc: 17, crcFrom: 21, overhead: 12 } as const;

/** Batches of a segment: base offset (8), length (4), leader epoch (4), magic (1), checksum (4) of all that follows. */
function batchesOf(segment: Buffer): Buffer[] {
  const batches: Buffer[] = [];
  for (let at = 0; at < segment.length; ) {
    const end = at + batchHeader.overhead + segment.readInt32BE(at + batchHeader.length);
    batches.push(Buffer.from(segment.subarray(at, end)));
    at = end;
  }
  return batches;
}

/** The broker and every client check it: a forger computes it anew. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function rewritten(batch: Buffer, from: string, to: string): Buffer {
  const at = batch.indexOf(from);
  if (at < 0) return batch;
  batch.write(to, at, 'latin1');
  batch.writeUInt32BE(crc32c(batch.subarray(batchHeader.crcFrom)), batchHeader.crc);
  return batch;
}

describe('an audit of Kafka', () => {
  it('names the record that was changed in a segment file, checksum and all', async () => {
    await say(['nothing', 'the truth', 'nothing more']);
    await seal();
    expect((await verify()).named).toEqual([]);
    await edit((segment) =>
      Buffer.concat(batchesOf(segment).map((batch) => rewritten(batch, 'the truth', 'the lie !'))),
    );
    const values: string[] = [];
    for await (const batch of log.read({ topic: topics.messages, partition, from: { offset: 0 } })) {
      values.push(...batch.map(({ value }) => value!.toString()));
    }
    expect(values).toEqual(['nothing', 'the lie !', 'nothing more']);
    expect(await verify()).toEqual({ records: 3, named: ['changed 1'] });
  }, 180_000);

  it('names the record that was taken out of a segment file', async () => {
    await say(['a', 'the truth', 'b', 'c']);
    await seal();
    await edit((segment) => Buffer.concat(batchesOf(segment).filter((batch) => !batch.includes('the truth'))));
    expect(await verify()).toEqual({ records: 4, named: ['removed 1'] });
  }, 180_000);

  it('names the record that was left out of a topic that was made again, and says that the rest moved up', async () => {
    await say(['a', 'b', 'the truth', 'c', 'd']);
    await seal();
    const kept: { value: Buffer | null; timestampMs: number }[] = [];
    for await (const batch of log.read({ topic: topics.messages, partition, from: { offset: 0 } })) kept.push(...batch);
    const admin = adminOf();
    await admin.connect();
    await admin.deleteTopics({ topics: [topics.messages] });
    await admin.disconnect();
    await log.close();
    log = await connect();
    await log.ensureTopics(topicSpecs(1));
    for (const { value, timestampMs } of kept) {
      if (value?.toString() === 'the truth') continue;
      await appendAll(log, [{ topic: topics.messages, key: 'key', value, timestampMs }]);
    }
    const { named } = await verify();
    expect(named.filter((name) => !name.startsWith('renumbered'))).toEqual(['removed 2']);
  }, 180_000);

  it('takes no offset that a transaction’s marker holds for a record that is gone', async () => {
    const kafka = new Kafka({ brokers: [broker.address], clientId: 'transactions', logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: 'audit', idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const text of ['one', 'two']) {
      const transaction = await producer.transaction();
      const timestamp = String(systemClock.nowMs());
      await transaction.send({ topic: topics.messages, messages: [{ key: 'key', value: text, timestamp }] });
      await transaction.commit();
      await say([`after ${text}`]);
    }
    await producer.disconnect();
    await seal();
    const { end } = await log.bounds(topics.messages, partition);
    expect(end).toBe(6);
    expect(await verify()).toEqual({ records: 4, named: [] });
  }, 180_000);

  it('sees a header that somebody added to a record', async () => {
    const kafka = new Kafka({ brokers: [broker.address], clientId: 'headers', logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    const timestamp = String(systemClock.nowMs());
    const plain = { key: 'key', value: 'text', timestamp };
    const send = (message: object) => producer.send({ topic: topics.messages, messages: [{ ...plain, ...message }] });
    await send({});
    await seal();
    const admin = adminOf();
    await admin.connect();
    await admin.deleteTopics({ topics: [topics.messages] });
    await log.close();
    log = await connect();
    await log.ensureTopics(topicSpecs(1));
    await send({ headers: { added: 'later' } });
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    expect((await verify()).named).toEqual(['changed 0']);
  }, 180_000);
});
