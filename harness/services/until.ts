/** Waits for a condition instead of for an amount of time. */
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  what: string;
  timeoutMs: number;
  everyMs?: number;
}

/** Resolves with the condition's first truthy value; rejects when there was none in time. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs, everyMs = 50 }: UntilOptions,
): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + timeoutMs;
  while (true) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(everyMs);
  }
}
