/** Contract: two readers of one group share its partitions and hand them over. */
import { expect, it } from 'vitest';
import type { Log, RecordBatch } from '../log.ts';
import { partitionOf } from '../partitioner.ts';
import {
  appendValues,
  Collector,
  freshName,
  Gate,
  type LogWorld,
  makeTopic,
  nextOffset,
  numbers,
  subscribe,
  until,
} from './world.ts';

const partitions = 4;
const keys = Array.from(
  { length: partitions },
  (_, partition) => numbers(1_000).find((key) => partitionOf(key, partitions) === partition)!,
);

/** Two handlers must never be inside the same partition at the same time, whoever's they are. */
class Occupancy {
  private readonly occupied = new Set<number>();
  readonly overlaps: number[] = [];

  watch(collector: Collector): void {
    collector.onBatch = (batch) => this.during(batch, () => Promise.resolve());
  }

  async during(batch: RecordBatch, work: () => Promise<void>): Promise<number> {
    if (this.occupied.has(batch.partition)) this.overlaps.push(batch.partition);
    this.occupied.add(batch.partition);
    await work();
    await Promise.resolve();
    this.occupied.delete(batch.partition);
    return nextOffset(batch);
  }
}

function held(collector: Collector): string[] {
  return collector.assignments[collector.assignments.length - 1]?.partitions ?? [];
}

async function appendEverywhere(log: Log, topic: string, values: readonly string[]): Promise<void> {
  for (const key of keys) await appendValues(log, topic, key, values);
}

export function sharing(world: () => LogWorld): void {
  it('deals the partitions out, and again when one joins and leaves; each record is handled, in order, by one at a time', async () => {
    const { log } = world();
    const other = await world().anotherReader();
    const topic = await makeTopic(log, partitions);
    const group = freshName('group');
    const occupancy = new Occupancy();
    const [first, second] = [new Collector(), new Collector()];
    occupancy.watch(first);
    occupancy.watch(second);
    await subscribe(log, topic, group, first);
    expect(held(first)).toHaveLength(partitions);
    await appendEverywhere(log, topic, numbers(50));
    const joined = await subscribe(other, topic, group, second);
    await until(() => held(first).length === 2 && held(second).length === 2, 'the partitions are shared');
    expect([...held(first), ...held(second)].toSorted()).toEqual(keys.map((_, index) => `${topic}/${index}`));
    await appendEverywhere(log, topic, numbers(50, 50));
    await until(() => countOf(first, second) >= 100 * partitions, 'both read');
    expect(second.records.length).toBeGreaterThan(0);
    await joined.close();
    await appendEverywhere(log, topic, numbers(50, 100));
    await until(() => held(first).length === partitions, 'the partitions are back');
    await until(() => countOf(first, second) >= 150 * partitions, 'the first reads all again');
    expect(occupancy.overlaps).toEqual([]);
    for (let partition = 0; partition < partitions; partition++) expectWhole(first, second, partition, 150);
    const generations = first.assignments.map(({ generation }) => generation);
    expect(generations).toEqual([...new Set(generations)].toSorted((a, b) => a - b));
    expect(generations.length).toBeGreaterThanOrEqual(3);
  });

  it('rule 10: hands a partition over only when its batch in flight has ended and was committed', async () => {
    const { log } = world();
    const other = await world().anotherReader();
    const topic = await makeTopic(log, partitions);
    const group = freshName('group');
    const occupancy = new Occupancy();
    const [first, second] = [new Collector(), new Collector()];
    const gate = new Gate();
    let slow: RecordBatch | null = null;
    first.onBatch = (batch) =>
      occupancy.during(batch, async () => {
        slow ??= batch;
        await gate.opened;
      });
    occupancy.watch(second);
    await subscribe(log, topic, group, first);
    await appendEverywhere(log, topic, numbers(10));
    await until(() => slow !== null, 'a batch in flight');
    const joining = other.subscribe({
      topics: [topic],
      group,
      handler: second,
      maxBatchRecords: 100,
      from: 'earliest',
    });
    await until(() => slow?.isCurrent() === false, 'the batch is told that its partition is going');
    expect(second.assignments).toEqual([]);
    expect(first.assignments).toHaveLength(1);
    gate.open();
    await (await joining).ready();
    await until(() => held(first).length === 2 && held(second).length === 2, 'the partitions are shared');
    await appendEverywhere(log, topic, numbers(10, 10));
    await until(() => countOf(first, second) >= 20 * partitions, 'everything is read');
    expect(occupancy.overlaps).toEqual([]);
    for (let partition = 0; partition < partitions; partition++) expectWhole(first, second, partition, 20);
    expect(countOf(first, second)).toBe(20 * partitions);
  });

  it('lets groups of other names read everything for themselves', async () => {
    const { log } = world();
    const topic = await makeTopic(log, partitions);
    const [first, second] = [new Collector(), new Collector()];
    await subscribe(log, topic, freshName('group'), first);
    await subscribe(log, topic, freshName('group'), second);
    await appendEverywhere(log, topic, numbers(10));
    await until(() => first.records.length === 40 && second.records.length === 40, 'both groups');
  });
}

function countOf(...collectors: Collector[]): number {
  return collectors.reduce((sum, collector) => sum + collector.records.length, 0);
}

/** Every record of the partition was handled, and each reader saw it in order. */
function expectWhole(first: Collector, second: Collector, partition: number, count: number): void {
  const of = (collector: Collector) =>
    collector.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
  for (const offsets of [of(first), of(second)]) expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  expect([...new Set([...of(first), ...of(second)])].toSorted((a, b) => a - b)).toEqual(numbers(count).map(Number));
}
