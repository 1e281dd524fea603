/** Contract: reading a range outside any group. */
import { expect, it } from 'vitest';
import { appendAll } from '../append-all.ts';
import type { Log, ReadOptions } from '../log.ts';
import { appendValues, type LogWorld, makeTopic, numbers, request, text } from './world.ts';

async function values(log: Log, options: ReadOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const records of log.read(options)) found.push(...text(records));
  return found;
}

export function reading(world: () => LogWorld): void {
  it('reads from an offset to an offset, in batches of at most so many', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', numbers(100));
    expect(await values(log, { topic, partition: 0, from: { offset: 40 }, toOffset: 60 })).toEqual(numbers(20, 40));
    const sizes: number[] = [];
    for await (const records of log.read({ topic, partition: 0, from: { offset: 90 }, maxBatchRecords: 4 })) {
      sizes.push(records.length);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
    expect(await values(log, { topic, partition: 0, from: { offset: 100 } })).toEqual([]);
  });

  it('reads from a time: the first record whose timestamp is at or after it, though timestamps go up and down', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const t = Date.now() - 100_000;
    const steps = [0, 10, 5, 20, 20, 15, 30, 1];
    for (const step of steps) await appendAll(log, [request(topic, 'k', `t+${step}`, t + step)]);
    const from = (timeMs: number) => values(log, { topic, partition: 0, from: { timeMs: t + timeMs } });
    const all = steps.map((step) => `t+${step}`);
    expect(await from(-1)).toEqual(all);
    expect(await from(6)).toEqual(all.slice(1));
    expect(await from(11)).toEqual(all.slice(3));
    expect(await from(20)).toEqual(all.slice(3));
    expect(await from(21)).toEqual(all.slice(6));
    expect(await from(31)).toEqual([]);
  });

  it('ends where the log ended when the read began', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', numbers(50));
    const seen: string[] = [];
    for await (const records of log.read({ topic, partition: 0, from: { offset: 0 }, maxBatchRecords: 10 })) {
      seen.push(...text(records));
      await appendValues(log, topic, 'k', ['later']);
    }
    expect(seen).toEqual(numbers(50));
  });

  it('may be left early', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', numbers(50));
    for await (const records of log.read({ topic, partition: 0, from: { offset: 0 }, maxBatchRecords: 10 })) {
      expect(text(records)[0]).toBe('0');
      break;
    }
    expect(await values(log, { topic, partition: 0, from: { offset: 49 } })).toEqual(['49']);
  });

  it('tells where a partition begins and ends', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    expect(await log.bounds(topic, 0)).toEqual({ earliest: 0, end: 0 });
    await appendValues(log, topic, 'k', numbers(7));
    expect(await log.bounds(topic, 0)).toEqual({ earliest: 0, end: 7 });
  });
}
