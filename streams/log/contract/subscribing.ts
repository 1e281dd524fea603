/** Contract: one subscriber, its positions, its failures and its pace. */
import { expect, it } from 'vitest';
import type { Subscription } from '../log.ts';
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

export function subscribing(world: () => LogWorld): void {
  it('gets what was there before and what comes later, in order, in batches of at most so many', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', numbers(100));
    const seen = new Collector();
    await subscribe(log, topic, freshName('group'), seen, { maxBatchRecords: 7 });
    await until(() => seen.records.length === 100, 'the backlog');
    await appendValues(log, topic, 'k', numbers(100, 100));
    await until(() => seen.records.length === 200, 'the live records');
    expect(seen.values).toEqual(numbers(200));
    expect(Math.max(...seen.batches.map(({ records }) => records.length))).toBeLessThanOrEqual(7);
    expect(seen.assignments).toHaveLength(1);
    const last = seen.batches[seen.batches.length - 1]!;
    expect(last.endOffset).toBe(200);
    expect(seen.batches.every((batch) => batch.endOffset >= nextOffset(batch))).toBe(true);
    expect(seen.batches.every((batch) => batch.generation === seen.assignments[0]!.generation)).toBe(true);
  });

  it('begins at the end where it is told so', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', ['before']);
    const seen = new Collector();
    const subscription = await subscribe(log, topic, freshName('group'), seen, { from: 'latest' });
    await subscription.ready();
    await until(async () => {
      await appendValues(log, topic, 'k', ['after']);
      return seen.records.length > 0;
    }, 'a record that came after the subscription');
    expect(seen.values).not.toContain('before');
  });

  it('resumes after its last commit when the log is opened again', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const group = freshName('group');
    expect(await log.committed(group, topic, 0)).toBeNull();
    await appendValues(log, topic, 'k', numbers(30));
    const first = new Collector();
    first.onBatch = (batch) => Promise.resolve(nextOffset(batch) <= 20 ? nextOffset(batch) : null);
    const subscription = await subscribe(log, topic, group, first, { maxBatchRecords: 10 });
    await until(() => first.records.length === 30, 'all records');
    await subscription.close();
    expect(await log.committed(group, topic, 0)).toBe(20);
    const again = await world().reopen();
    const second = new Collector();
    await subscribe(again, topic, group, second);
    await until(() => second.records.length === 10, 'what was not committed');
    expect(second.values).toEqual(numbers(10, 20));
    await until(async () => (await again.committed(group, topic, 0)) === 30, 'the commit');
  });

  it('rule 10: commits exactly what the handler returned, and moves on over a null', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const group = freshName('group');
    await appendValues(log, topic, 'k', numbers(40));
    const seen = new Collector();
    seen.onBatch = (batch) => Promise.resolve(nextOffset(batch) === 30 ? 25 : null);
    const subscription = await subscribe(log, topic, group, seen, { maxBatchRecords: 10 });
    await until(() => seen.records.length === 40, 'all records');
    await subscription.close();
    expect(seen.values).toEqual(numbers(40));
    expect(await log.committed(group, topic, 0)).toBe(25);
  });

  it('invariant 12: a batch whose handler rejects comes again, whole and first; nothing is skipped or committed', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const group = freshName('group');
    await appendValues(log, topic, 'k', numbers(20));
    const seen = new Collector();
    let failures = 0;
    seen.onBatch = async (batch) => {
      if (batch.records.some((record) => record.value?.toString() === '10') && failures < 3) {
        failures += 1;
        expect(await log.committed(group, topic, 0)).not.toBeGreaterThan(10);
        throw new Error('the store is down');
      }
      return nextOffset(batch);
    };
    await subscribe(log, topic, group, seen, { maxBatchRecords: 10 });
    await until(() => seen.records.length === 20, 'all records');
    expect(failures).toBe(3);
    expect(seen.values).toEqual(numbers(20));
    expect(seen.assignments).toHaveLength(1);
  });

  it('rule 7: a partition whose handler keeps failing does not stop the others', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 2);
    const [stuck, free] = [keyIn(0), keyIn(1)];
    const seen = new Collector();
    let repair = false;
    seen.onBatch = (batch) => {
      if (batch.partition === 0 && !repair) return Promise.reject(new Error('this one is poisoned'));
      return Promise.resolve(nextOffset(batch));
    };
    await subscribe(log, topic, freshName('group'), seen);
    await appendValues(log, topic, stuck, ['stuck']);
    await until(() => seen.batches.length > 0, 'the failure');
    for (const value of numbers(20)) {
      await appendValues(log, topic, free, [value]);
      await until(() => seen.values.includes(value), `record ${value} of the other partition`, 4_000);
    }
    expect(seen.values).not.toContain('stuck');
    repair = true;
    await until(() => seen.values.includes('stuck'), 'the repaired partition');
  });

  it('backpressure: a slow handler holds one slice at a time, and no second call for its partition', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const seen = new Collector();
    const gates: Gate[] = [];
    let inFlight = 0;
    seen.onBatch = async (batch) => {
      inFlight += 1;
      expect(inFlight).toBe(1);
      const gate = new Gate();
      gates.push(gate);
      await gate.opened;
      inFlight -= 1;
      return nextOffset(batch);
    };
    await subscribe(log, topic, freshName('group'), seen, { maxBatchRecords: 10 });
    await appendValues(log, topic, 'k', numbers(2_000));
    await until(() => gates.length === 1, 'the first slice');
    await appendValues(log, topic, 'k', numbers(50, 2_000));
    expect(gates).toHaveLength(1);
    expect(seen.batches[0]!.records.length).toBeLessThanOrEqual(10);
    for (let opened = 0; seen.records.length < 2_050; opened++) {
      await until(() => gates.length > opened || seen.records.length === 2_050, 'the next slice');
      gates[opened]?.open();
      await until(() => inFlight === 0 || gates.length > opened + 1, 'the slice is done');
    }
    expect(seen.values).toEqual(numbers(2_050));
  });

  it('close lets the batch in flight end and commits it, and tells it that it is no longer current', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    const group = freshName('group');
    const gate = new Gate();
    const seen = new Collector();
    seen.onBatch = async (batch) => {
      await gate.opened;
      return nextOffset(batch);
    };
    const subscription = await subscribe(log, topic, group, seen, { maxBatchRecords: 10 });
    await appendValues(log, topic, 'k', numbers(10));
    await until(() => seen.batches.length === 1, 'a batch in flight');
    expect(seen.batches[0]!.isCurrent()).toBe(true);
    let closed = false;
    const closing = subscription.close().then(() => {
      closed = true;
    });
    await until(() => !seen.batches[0]!.isCurrent(), 'the batch is not current');
    expect(closed).toBe(false);
    gate.open();
    await closing;
    const handled = seen.records.length;
    expect(handled).toBeGreaterThan(0);
    expect(await log.committed(group, topic, 0)).toBe(handled);
  });

  it('asks again for an assignment that the handler could not take, and reads nothing before', async () => {
    const { log } = world();
    const topic = await makeTopic(log, 1);
    await appendValues(log, topic, 'k', ['x']);
    let asked = 0;
    const seen = new Collector();
    const assigned = seen.assigned.bind(seen);
    seen.assigned = async (generation, partitions) => {
      asked += 1;
      expect(seen.batches).toHaveLength(0);
      if (asked < 3) throw new Error('not yet');
      await assigned(generation, partitions);
    };
    const subscription: Subscription = await subscribe(log, topic, freshName('group'), seen);
    await subscription.ready();
    await until(() => seen.records.length === 1, 'the record');
    expect(asked).toBe(3);
  });
}

function keyIn(partition: number): string {
  return numbers(100).find((key) => partitionOf(key, 2) === partition)!;
}
