/** Contract: how records get into the log, and how they are refused. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { expect, it } from 'vitest';
import { appendAll } from '../append-all.ts';
import type { Append } from '../log.ts';
import { partitionOf } from '../partitioner.ts';
import { appendValues, type LogWorld, makeTopic, numbers, readAll, request, text, until } from './world.ts';

const minuteMs = 60_000;

export function appending(world: () => LogWorld): void {
  it('keeps the order of a partition through many groups, and tells the offset that the record got', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 4);
    const bursts = await Promise.all(
      numbers(20).map((burst) => appendValues(log, topic, `key-${Number(burst) % 5}`, numbers(50, Number(burst) * 50))),
    );
    for (let partition = 0; partition < 4; partition++) {
      const records = await readAll(log, topic, partition);
      const stored = new Map(records.map((record) => [record.value?.toString(), record.offset]));
      expect(records.map(({ offset }) => offset)).toEqual(
        records.map(({ offset }) => offset).toSorted((a, b) => a - b),
      );
      for (const key of ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']) {
        const values = text(records.filter((record) => record.key?.toString() === key)).map(Number);
        expect(values).toEqual(values.toSorted((a, b) => a - b));
      }
      const told = bursts.flatMap((burst, index) =>
        burst.flatMap((one, at) =>
          one.partition === partition ? [[String(index * 50 + at), one.offset] as const] : [],
        ),
      );
      expect(new Map(told)).toEqual(stored);
    }
  });

  it('keeps key, value, timestamp and a value that is null, byte for byte', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const value = Buffer.from([0, 255, 128, 10, 0]);
    const timestampMs = Date.now() - 5;
    await appendAll(log, [
      { topic, key: 'ключ\u0000👩‍👩‍👧', value, timestampMs },
      { topic, key: 'k', value: null, timestampMs },
      { topic, key: 'k', value: Buffer.alloc(0), timestampMs },
      { topic, key: 'k', value: Buffer.alloc(300_000, 7), timestampMs },
    ]);
    const records = await readAll(log, topic, 0);
    expect(records.map((record) => record.key?.toString())).toEqual(['ключ\u0000👩‍👩‍👧', 'k', 'k', 'k']);
    expect(records.map((record) => record.timestampMs)).toEqual([timestampMs, timestampMs, timestampMs, timestampMs]);
    expect(records[0]?.value).toEqual(value);
    expect(records[1]?.value).toBeNull();
    expect(records[2]?.value).toEqual(Buffer.alloc(0));
    expect(records[3]?.value?.equals(Buffer.alloc(300_000, 7))).toBe(true);
  });

  it("places a key by Kafka's murmur2, and by the partition key where there is one", async () => {
    const { log } = world();
    const topic = await makeTopic(log, 12);
    const keys = numbers(60).map((index) => `conversation-${index}`);
    const plain = await appendAll(
      log,
      keys.map((key) => request(topic, key, key)),
    );
    expect(plain.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionOf(key, 12)));
    const keyed = await appendAll(
      log,
      keys.map((key) => ({ ...request(topic, `${key}:user:read`, key), partitionKey: key })),
    );
    expect(keyed.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionOf(key, 12)));
  });

  it('appends at once when idle: no timer has to fire', async () => {
    const log = await world().withoutTimers();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', ['first']);
    const pausedAtMs = Date.now();
    await until(() => Date.now() - pausedAtMs > 20, 'the log is idle');
    await appendValues(log, topic, 'k', ['second']);
    expect(text(await readAll(log, topic, 0))).toEqual(['first', 'second']);
  });

  it('rule 2: refuses a record that is too far ahead of its clock, and only that one; ready again after the next append', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 3);
    const settled: string[] = [];
    const all = numbers(30).map((name) => {
      const ahead = Number(name) % 10 === 3;
      return settling(topic, `key-${name}`, name, Date.now() + (ahead ? minuteMs : 0), settled);
    });
    for (const record of all) log.append(record);
    await until(() => settled.length === 30, 'every record is settled');
    const refused = settled.filter((line) => !line.endsWith(':appended'));
    expect(refused.toSorted()).toEqual(['13:timestamp_ahead', '23:timestamp_ahead', '3:timestamp_ahead']);
    const stored = (await Promise.all([0, 1, 2].map((partition) => readAll(log, topic, partition)))).flat();
    expect(
      text(stored)
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(
      numbers(30)
        .map(Number)
        .filter((name) => name % 10 !== 3),
    );
    await expect(appendAll(log, [request(topic, 'k', 'x', Date.now() + minuteMs)])).rejects.toMatchObject({
      code: 'timestamp_ahead',
    });
    expect(log.isReady()).toBe(false);
    await appendValues(log, topic, 'k', ['fine']);
    expect(log.isReady()).toBe(true);
  });

  it('takes a record that is a little ahead, and one that is far behind', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendAll(log, [
      request(topic, 'k', 'ahead', Date.now() + 3_000),
      request(topic, 'k', 'old', 1_000_000_000_000),
    ]);
    expect(text(await readAll(log, topic, 0))).toEqual(['ahead', 'old']);
  });

  it('refuses a record that is too large, at once and with a code', async () => {
    const log = await world().withLimits({ maxRecordBytes: 1_000 });
    const topic = await makeTopic(log, 1);
    const large: Append = settling(topic, 'k', 'x'.repeat(1_000), Date.now(), []);
    expect(() => log.append(large)).toThrow(
      new ParleyError('record_too_large', { detail: '1001 of at most 1000 bytes' }),
    );
    await appendValues(log, topic, 'k', ['small']);
    expect(text(await readAll(log, topic, 0))).toEqual(['small']);
  });

  it.each([
    ['records', { maxQueuedRecords: 10 }],
    ['bytes', { maxQueuedBytes: 10 * (64 + 101) }],
  ] as const)(
    'refuses more than its queue holds (%s), at once and with a code, and takes more later',
    async (_, limits) => {
      const log = await world().withLimits(limits);
      const topic = await makeTopic(log, 1);
      const settled: string[] = [];
      const record = (name: string) => settling(topic, 'k', name.padEnd(100), Date.now(), settled);
      for (const name of numbers(10)) log.append(record(name));
      expect(() => log.append(record('one too many'))).toThrow(expect.objectContaining({ code: 'queue_full' }));
      await until(() => settled.length === 10, 'the queue is empty');
      log.append(record('again'));
      await until(() => settled.length === 11, 'the log takes records again');
      expect(await readAll(log, topic, 0)).toHaveLength(11);
    },
  );

  it('settles every record once, in the order of a partition, and before close ends', async () => {
    const log = await world().withLimits({});
    const topic = await makeTopic(log, 1);
    const settled: string[] = [];
    for (const name of numbers(3_000)) log.append(settling(topic, 'k', name, Date.now(), settled));
    await log.close();
    expect(settled).toEqual(numbers(3_000).map((name) => `${name}:appended`));
    expect(() => log.append(settling(topic, 'k', 'late', Date.now(), []))).toThrow();
  });

  it('refuses a topic whose partition count is another', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 3);
    await log.ensureTopics([{ topic, partitions: 3, retentionMs: null, compacted: false }]);
    expect(await log.partitionCount(topic)).toBe(3);
    await expect(
      log.ensureTopics([{ topic, partitions: 4, retentionMs: null, compacted: false }]),
    ).rejects.toMatchObject({ code: 'topic_mismatch' });
  });
}

function settling(topic: string, key: string, value: string, timestampMs: number, settled: string[]): Append {
  const name = value.trim();
  return {
    topic,
    key,
    partitionKey: null,
    value: Buffer.from(value),
    timestampMs,
    appended: () => settled.push(`${name}:appended`),
    failed: (error) => settled.push(`${name}:${error.code}`),
  };
}
