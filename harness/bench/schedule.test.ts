import { expect, test } from 'vitest';
import { Schedule, warmUpSteps } from './schedule.ts';

function collect(schedule: Schedule, nowMs: number): [index: number, intendedAtMs: number][] {
  const sent: [number, number][] = [];
  schedule.due(nowMs, (index, intendedAtMs) => sent.push([index, intendedAtMs]));
  return sent;
}

test('messages are due at equal distances from the start', () => {
  const schedule = new Schedule(500, 100, 1_000);
  expect(collect(schedule, 999)).toEqual([]);
  expect(collect(schedule, 1_004)).toEqual([
    [0, 1_000],
    [1, 1_002],
    [2, 1_004],
  ]);
  expect(collect(schedule, 1_004)).toEqual([]);
});

test('who is late sends all that was due, with the times at which it was meant to be sent', () => {
  const schedule = new Schedule(1_000, 5_000, 0);
  collect(schedule, 10);
  const late = collect(schedule, 510);
  expect(late).toHaveLength(500);
  expect(late[0]).toEqual([11, 11]);
  expect(late.at(-1)).toEqual([510, 510]);
});

test('ends with the last message, at the intended rate whatever the server does', () => {
  const schedule = new Schedule(250, 10, 0);
  expect(collect(schedule, 35)).toHaveLength(9);
  expect(schedule.isDone).toBe(false);
  expect(collect(schedule, 1_000_000)).toEqual([[9, 36]]);
  expect(schedule.isDone).toBe(true);
});

test('a warm-up rises to the full rate and takes as long as it was asked to', () => {
  const steps = warmUpSteps(500, 60);
  expect(steps).toEqual([
    { ratePerS: 125, count: 1_250 },
    { ratePerS: 250, count: 2_500 },
    { ratePerS: 500, count: 20_000 },
  ]);
  expect(steps.reduce((seconds, { ratePerS, count }) => seconds + count / ratePerS, 0)).toBe(60);
});
