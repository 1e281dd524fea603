import { systemTimers } from '@parley/schemas/environment/system';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Collector, Gate } from '../contract/world.ts';
import { Assignment } from './assignment.ts';

const one = [{ topic: 't', partition: 0 }];

function setUp() {
  const handler = new Collector();
  const logger = pino({ level: 'silent' });
  return { handler, assignment: new Assignment({ handler, timers: systemTimers, logger }) };
}

async function ticks(): Promise<void> {
  for (let tick = 0; tick < 20; tick++) await Promise.resolve();
}

describe('an assignment', () => {
  it('rule 10: begins only after the batches of the one before have ended, even where the join did not wait for them', async () => {
    const { handler, assignment } = setUp();
    assignment.joined(one);
    expect(await assignment.enter(1)).toBe(true);
    assignment.lost();
    assignment.joined(one);
    const entering = assignment.enter(2);
    await ticks();
    expect(handler.assignments.map(({ generation }) => generation)).toEqual([1]);
    assignment.leave();
    expect(await entering).toBe(true);
    expect(handler.assignments.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  it('rule 10: ends for its batches the moment that a join begins: no position, no commit', async () => {
    const { assignment } = setUp();
    assignment.joined(one);
    expect(await assignment.enter(1)).toBe(true);
    expect([assignment.isCurrent(1), assignment.isHeld(1)]).toEqual([true, true]);
    assignment.lost();
    expect([assignment.isCurrent(1), assignment.isHeld(1)]).toEqual([false, false]);
    assignment.joined(one);
    expect([assignment.isCurrent(1), assignment.isHeld(1)]).toEqual([false, false]);
    expect([assignment.isCurrent(2), assignment.isHeld(2)]).toEqual([true, true]);
  });

  it('lets batches in flight commit while a rebalance is announced or the subscription closes, but no new one begin', async () => {
    for (const end of ['ending', 'close'] as const) {
      const { assignment } = setUp();
      assignment.joined(one);
      expect(await assignment.enter(1)).toBe(true);
      assignment[end]();
      expect([assignment.isCurrent(1), assignment.isHeld(1)]).toEqual([false, true]);
      expect(await assignment.enter(1)).toBe(false);
    }
  });

  it('turns a batch away that was fetched under a generation that is over', async () => {
    const { handler, assignment } = setUp();
    const gate = new Gate();
    handler.assigned = () => gate.opened;
    assignment.joined(one);
    const entering = assignment.enter(1);
    assignment.lost();
    assignment.joined(one);
    gate.open();
    expect(await entering).toBe(false);
  });
});
