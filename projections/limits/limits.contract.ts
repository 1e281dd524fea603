/** What every limiter does. Windows last a second here, so that the adapters on real time can be seen to reopen. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptLimiter, Limit, MessageRateLimiter } from './limits.ts';

/** The machine may be busy. */
const patient = { timeout: 10_000 };

export const limitUnderTest: Limit = { limit: 5, windowMs: 1_000 };

export interface LimitersUnderTest {
  readonly messages: MessageRateLimiter;
  readonly attempts: AttemptLimiter;
  /** Passes, or makes pass, at least this long. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export function limiterContract(name: string, make: () => Promise<LimitersUnderTest>): void {
  describe(`limiter contract: ${name}`, () => {
    let under: LimitersUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const ways: Array<[string, (key: string) => number | Promise<number>]> = [
      ['messages', (key) => under.messages.take(key)],
      ['attempts', (key) => under.attempts.take(key)],
    ];

    it.each(ways)('%s: allows the limit, then says how long to wait, then allows again', async (_, take) => {
      const key = randomUUID();
      for (let i = 0; i < limitUnderTest.limit; i++) expect(await take(key)).toBe(0);
      const waitMs = await take(key);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(limitUnderTest.windowMs);
      expect(await take(randomUUID())).toBe(0);
      await under.pass(waitMs);
      await expect.poll(() => take(key), patient).toBe(0);
    });

    it('attempts: takes many at once, all or none, and what is refused takes nothing away', async () => {
      const key = randomUUID();
      const { limit } = limitUnderTest;
      expect(await under.attempts.take(randomUUID(), limit + 1)).toBeGreaterThan(0);
      expect(await under.attempts.take(key, limit - 2)).toBe(0);
      expect(await under.attempts.take(key, 3)).toBeGreaterThan(0);
      expect(await under.attempts.take(key, 2)).toBe(0);
      expect(await under.attempts.take(key)).toBeGreaterThan(0);
    });
  });
}
