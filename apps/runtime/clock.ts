/** The clock of a process: the machine's, or one that is wrong on purpose in a test. */
import type { Clock } from '@parley/schemas/environment/clock';
import { systemClock } from '@parley/schemas/environment/system';

export function processClock(offsetMs: number): Clock {
  return offsetMs === 0 ? systemClock : { nowMs: () => systemClock.nowMs() + offsetMs };
}
