/** Waits for a promise, but not longer than told. */
import type { Timers } from '@parley/schemas/environment/clock';

export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/** What comes of the promise after the time is up is ignored. */
export function within<T>(timers: Timers, limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(limitMs, () => reject(new TookTooLong(`no answer within ${limitMs} ms`)));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
