/** The real clock, timers and randomness; only mains and tests of adapters import this. */
import { randomBytes } from 'node:crypto';
import type { Clock, Timers } from './clock.ts';
import type { Random } from './random.ts';

export const systemClock: Clock = { nowMs: () => Date.now() };

export const systemTimers: Timers = {
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, run) {
    const handle = setInterval(run, intervalMs);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
};

export const systemRandom: Random = { next: () => Math.random(), bytes: (length) => randomBytes(length) };
