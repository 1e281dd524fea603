/** The log on Kafka while its broker is killed, frozen and away: a broker of this test's own, because the shared one must live. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '@parley/schemas/environment/clock';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { Collector, readAll, recordingLogger, subscribe, text, until } from '@parley/streams/log/contract/world';
import { KafkaLog, type KafkaLogOptions } from '@parley/streams/log/kafka/kafka-log';
import type { Append } from '@parley/streams/log/log';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KafkaService } from '../services/kafka.ts';
import { freePorts } from '../services/ports.ts';

const partitions = 4;
const keys = 8;
const patienceMs = 60_000;

let folder: string;
let broker: KafkaService;
let topicNumber = 0;
const opened: KafkaLog[] = [];
/** Lines that a person would be woken for. */
const errorLines: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-broker-'));
  const [client, controller] = (await freePorts(2)) as [number, number];
  broker = new KafkaService(join(folder, 'kafka'), { broker: client, controller });
  await broker.start();
}, 180_000);

afterAll(async () => {
  await broker.wipe();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  broker.resume();
  await broker.start();
  await Promise.all(opened.splice(0).map((log) => log.close()));
  errorLines.length = 0;
}, 120_000);

async function open(more: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> {
  const logger = recordingLogger('error', errorLines);
  const log = await KafkaLog.connect({
    brokers: [broker.address],
    clientId: 'broker-crash',
    clock: systemClock,
    timers: systemTimers,
    logger,
    sessionTimeoutMs: 6_000,
    ...more,
  });
  opened.push(log);
  return log;
}

async function makeTopic(log: KafkaLog): Promise<string> {
  const topic = `crash.${topicNumber++}`;
  await log.ensureTopics([{ topic, partitions, retentionMs: null, compacted: false }]);
  return topic;
}

/** Appends numbered records to all keys in turn until it is stopped, and remembers what became of them. */
class SteadyWriter {
  readonly appended: number[] = [];
  readonly failures: ParleyError[] = [];
  private count = 0;
  private stopped = false;
  private readonly log: KafkaLog;
  private readonly topic: string;
  private readonly running: Promise<void>;

  constructor(log: KafkaLog, topic: string) {
    this.log = log;
    this.topic = topic;
    this.running = this.run();
  }

  get sent(): number {
    return this.count;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await until(
      () => this.appended.length + this.failures.length === this.count,
      'every append is settled',
      patienceMs,
    );
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      for (let many = 0; many < 5; many++) this.log.append(this.next());
      await pause(systemTimers, 10);
    }
  }

  private next(): Append {
    const number = this.count++;
    return {
      topic: this.topic,
      key: `key-${number % keys}`,
      partitionKey: null,
      value: Buffer.from(String(number)),
      timestampMs: systemClock.nowMs(),
      appended: () => this.appended.push(number),
      failed: (error) => this.failures.push(error),
    };
  }
}

/** Everything that was sent is there, once, and in the order of its key; the subscriber saw the same. */
async function expectWhole(log: KafkaLog, topic: string, sent: number, seen: Collector): Promise<void> {
  const stored: number[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const values = text(await readAll(log, topic, partition)).map(Number);
    for (let key = 0; key < keys; key++) {
      const ofKey = values.filter((value) => value % keys === key);
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
    }
    stored.push(...values);
  }
  const all = Array.from({ length: sent }, (_, number) => number);
  expect(stored.toSorted((a, b) => a - b)).toEqual(all);
  await until(() => new Set(seen.values).size === sent, 'the subscriber saw everything', patienceMs);
  for (let partition = 0; partition < partitions; partition++) {
    const first = firstSightings(seen, partition);
    expect(first).toEqual(first.toSorted((a, b) => a - b));
  }
}

/** A batch may come again after its commit was lost; what counts is that nothing new came before something older. */
function firstSightings(seen: Collector, partition: number): number[] {
  const offsets = seen.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
  return [...new Set(offsets)];
}

describe('a broker that is killed and started again under appends', () => {
  it('loses, repeats and reorders nothing, fails no append, logs no error; subscribers go on', async () => {
    const log = await open();
    const topic = await makeTopic(log);
    const seen = new Collector();
    await subscribe(log, topic, 'crash-readers', seen);
    const writer = new SteadyWriter(log, topic);
    for (let round = 0; round < 2; round++) {
      const before = writer.appended.length;
      await until(() => writer.appended.length > before + 500, 'appends go through', patienceMs);
      await broker.kill();
      await until(() => !log.isReady(), 'the log is not ready while nothing is acknowledged', patienceMs);
      await broker.start();
      await until(() => log.isReady(), 'the log is ready again', patienceMs);
    }
    await writer.stop();
    expect(writer.failures).toEqual([]);
    await expectWhole(log, topic, writer.sent, seen);
    expect(errorLines).toEqual([]);
  }, 240_000);
});

describe('a broker that is frozen for longer than a request may take', () => {
  it('loses, repeats and reorders nothing', async () => {
    const log = await open();
    const topic = await makeTopic(log);
    const seen = new Collector();
    await subscribe(log, topic, 'freeze-readers', seen);
    const writer = new SteadyWriter(log, topic);
    await until(() => writer.appended.length > 500, 'appends go through', patienceMs);
    broker.pause();
    await pause(systemTimers, 8_000);
    expect(log.isReady()).toBe(false);
    broker.resume();
    await until(() => log.isReady(), 'the log is ready again', patienceMs);
    await writer.stop();
    expect(writer.failures).toEqual([]);
    await expectWhole(log, topic, writer.sent, seen);
  }, 240_000);
});

describe('a broker that stays away for longer than an append may take', () => {
  it('fails the appends with log_unavailable, and is ready again by itself once the broker is back', async () => {
    const log = await open({ appendTimeoutMs: 2_000 });
    const topic = await makeTopic(log);
    const first = new SteadyWriter(log, topic);
    await until(() => first.appended.length > 100, 'appends go through', patienceMs);
    await broker.kill();
    await until(() => first.failures.length > 0, 'appends fail', patienceMs);
    await first.stop();
    expect(new Set(first.failures.map(({ code }) => code))).toEqual(new Set(['log_unavailable']));
    expect(log.isReady()).toBe(false);
    await broker.start();
    await until(() => log.isReady(), 'the log is ready again, though nobody appends', patienceMs);
    const second = new SteadyWriter(log, topic);
    await until(() => second.appended.length > 100, 'appends go through again', patienceMs);
    await second.stop();
    expect(second.failures).toEqual([]);
    const stored = (await Promise.all([0, 1, 2, 3].map((partition) => readAll(log, topic, partition)))).flat();
    const values = new Set(text(stored).map(Number));
    expect([...first.appended, ...second.appended].filter((number) => !values.has(number))).toEqual([]);
  }, 240_000);
});
