/** What only the log on Kafka does: how topics are made, what is left behind, what is said about it. */
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import kafkajs from 'kafkajs';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import {
  appendValues,
  Collector,
  freshName,
  makeTopic,
  numbers,
  readAll,
  recordingLogger,
  subscribe,
  text,
  until,
} from '../contract/world.ts';
import { createKafka } from './kafka-client.ts';
import { KafkaLog, type KafkaLogOptions } from './kafka-log.ts';

const brokers = (process.env['PARLEY_KAFKA_BROKERS'] ?? '127.0.0.1:19092').split(',');
const clientId = freshName('client');
const silent = pino({ level: 'silent' });
const opened: KafkaLog[] = [];
const kafka = createKafka({ brokers, clientId, logger: silent });
const admin = kafka.admin();

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
  await admin.disconnect();
});

async function open(more: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> {
  const common = { brokers, clientId, clock: systemClock, timers: systemTimers, logger: silent };
  const log = await KafkaLog.connect({ ...common, sessionTimeoutMs: 6_000, ...more });
  opened.push(log);
  return log;
}

async function settingsOf(topic: string): Promise<Record<string, string>> {
  await admin.connect();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  return Object.fromEntries(
    resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
  );
}

describe('topics on Kafka', () => {
  it('rule 2: are made with the bound on timestamps, and with retention or compaction as asked', async () => {
    const log = await open();
    const [forEver, week, latest] = [freshName('for-ever'), freshName('week'), freshName('latest')];
    await log.ensureTopics([
      { topic: forEver, partitions: 2, retentionMs: null, compacted: false },
      { topic: week, partitions: 2, retentionMs: 604_800_000, compacted: false },
      { topic: latest, partitions: 2, retentionMs: null, compacted: true },
    ]);
    const common = {
      'message.timestamp.type': 'CreateTime',
      'message.timestamp.after.max.ms': '5000',
      'min.insync.replicas': '1',
    };
    expect(await settingsOf(forEver)).toMatchObject({ ...common, 'retention.ms': '-1', 'cleanup.policy': 'delete' });
    expect(await settingsOf(week)).toMatchObject({
      ...common,
      'retention.ms': '604800000',
      'cleanup.policy': 'delete',
    });
    expect(await settingsOf(latest)).toMatchObject({ ...common, 'cleanup.policy': 'compact' });
  });

  it('rule 2: refuses a topic that was made by hand without the bound on timestamps', async () => {
    const log = await open();
    const topic = freshName('unbounded');
    await admin.connect();
    const configEntries = [{ name: 'message.timestamp.after.max.ms', value: '9223372036854775807' }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] });
    await expect(
      log.ensureTopics([{ topic, partitions: 1, retentionMs: null, compacted: false }]),
    ).rejects.toMatchObject({ code: 'topic_mismatch' });
  });

  it('may be ensured by several processes at once', async () => {
    const logs = await Promise.all([open(), open(), open()]);
    const topic = freshName('race');
    const spec = { topic, partitions: 3, retentionMs: null, compacted: false };
    await Promise.all(logs.map((log) => log.ensureTopics([spec])));
    expect(await logs[0]!.partitionCount(topic)).toBe(3);
  });

  it('that do not exist fail their own records alone', async () => {
    const log = await open();
    const topic = await makeTopic(log, 1);
    const missing = appendValues(log, freshName('missing'), 'k', ['x']);
    const present = appendValues(log, topic, 'k', ['y']);
    await expect(missing).rejects.toMatchObject({ code: 'log_unavailable' });
    await present;
    await expect(log.bounds(topic, 1)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a read on Kafka', () => {
  it('leaves no group behind', async () => {
    const log = await open();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', numbers(10));
    expect(text(await readAll(log, topic, 0))).toEqual(numbers(10));
    await admin.connect();
    const { groups } = await admin.listGroups();
    expect(groups.filter(({ groupId }) => groupId.startsWith(`${clientId}.read.`))).toEqual([]);
  });

  it('ends though the last offset before the end is no record', async () => {
    const log = await open();
    const topic = await makeTopic(log, 1);
    // The commit of a transaction takes an offset of its own, as a record that was compacted away would.
    const producer = kafka.producer({ transactionalId: freshName('tx'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      messages: [
        { key: 'k', value: 'a' },
        { key: 'k', value: 'b' },
      ],
    });
    await transaction.commit();
    await producer.disconnect();
    await until(async () => (await log.bounds(topic, 0)).end === 3, 'the transaction is in the log');
    expect(text(await readAll(log, topic, 0))).toEqual(['a', 'b']);
  });
});

describe('what is logged', () => {
  it('is no error and no warning when members come and go', async () => {
    const lines: string[] = [];
    const logger = recordingLogger('warn', lines);
    const [first, second] = [await open({ logger }), await open({ logger })];
    const topic = await makeTopic(first, 4);
    lines.length = 0; // A topic without leaders yet may be complained of.
    const group = freshName('group');
    const [one, two] = [new Collector(), new Collector()];
    await subscribe(first, topic, group, one);
    const joined = await subscribe(second, topic, group, two);
    await until(() => one.assignments.length >= 2, 'the first member shares');
    await joined.close();
    await until(() => one.assignments.length >= 3, 'the first member has all again');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([]);
  });
});
