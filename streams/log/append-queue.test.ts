import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AppendGroup, AppendQueue } from './append-queue.ts';
import { defaultLogLimits } from './limits.ts';
import type { Append } from './log.ts';

const overheadBytes = 64;

function record(name: number, valueBytes = 10): Append {
  const nothing = () => undefined;
  const value = Buffer.alloc(valueBytes);
  return { topic: 't', key: 'k', partitionKey: null, value, timestampMs: name, appended: nothing, failed: nothing };
}

describe('the queue before the log', () => {
  it('hands everything out once, in order, in groups within their bounds, and never holds more than it may', () => {
    const limits = {
      ...defaultLogLimits,
      maxQueuedRecords: 20,
      maxQueuedBytes: 4_000,
      maxGroupRecords: 5,
      maxGroupBytes: 500,
    };
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 600 }) }),
      fc.constant('take' as const),
      fc.constant('settle' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new AppendQueue(limits);
        const held = (bytes: number) => bytes + 1 + overheadBytes;
        const open: AppendGroup[] = [];
        let [pushed, taken, records, bytes] = [0, 0, 0, 0];
        const sizes: number[] = [];
        for (const one of steps) {
          if (one === 'settle') {
            const group = open.shift();
            if (group === undefined) continue;
            queue.settled(group);
            records -= group.records.length;
            bytes -= group.bytes;
          } else if (one === 'take') {
            if (queue.waitingRecords === 0) continue;
            const group = queue.take();
            open.push(group);
            expect(group.records.map(({ timestampMs }) => timestampMs)).toEqual(
              group.records.map((_, index) => taken + index),
            );
            expect(group.records.length).toBeLessThanOrEqual(limits.maxGroupRecords);
            if (group.records.length > 1) expect(group.bytes).toBeLessThanOrEqual(limits.maxGroupBytes);
            taken += group.records.length;
          } else {
            const fits = records < limits.maxQueuedRecords && bytes + held(one.push) <= limits.maxQueuedBytes;
            const push = () => queue.push(record(pushed, one.push));
            if (!fits) {
              expect(push).toThrow(expect.objectContaining({ code: 'queue_full' }));
              continue;
            }
            push();
            sizes.push(one.push);
            pushed += 1;
            records += 1;
            bytes += held(one.push);
          }
        }
        expect(queue.waitingRecords).toBe(pushed - taken);
      }),
    );
  });

  it('refuses a timestamp that is not whole milliseconds', () => {
    const queue = new AppendQueue(defaultLogLimits);
    expect(() => queue.push(record(1.5))).toThrow('invariant violated');
    expect(() => queue.push(record(-1))).toThrow('invariant violated');
    expect(() => queue.push(record(Number.NaN))).toThrow('invariant violated');
  });
});
