import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ttlSeconds } from './ttl.ts';

it('rule 23: never lets a row go before its time, and not long after it', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 90 * 86_400_000 }), (nowMs, leftMs) => {
      const expiresAtMs = nowMs + leftMs;
      // As an engine counts: from the second in which the write came.
      const goneAtMs = (Math.floor(nowMs / 1_000) + ttlSeconds(expiresAtMs, nowMs)) * 1_000;
      expect(goneAtMs).toBeGreaterThanOrEqual(expiresAtMs);
      expect(goneAtMs - expiresAtMs).toBeLessThanOrEqual(2_000);
    }),
  );
});
