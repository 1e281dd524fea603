import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { afterAll, describe, expect, it } from 'vitest';
import { openRedisFixture } from '../redis/redis.fixture.ts';
import { limiterContract, limitUnderTest } from './limits.contract.ts';
import { RedisAttemptLimiter, RedisMessageRateLimiter } from './limits.redis.ts';
import type { Limit } from './limits.ts';

function make(limit: Limit) {
  const fixture = openRedisFixture();
  const errors: unknown[] = [];
  const { redis, keyPrefix } = fixture;
  const gateway = () =>
    new RedisMessageRateLimiter({
      redis,
      keyPrefix,
      limit,
      clock: systemClock,
      timers: systemTimers,
      reconcileMs: 10,
      onError: (error) => errors.push(error),
    });
  const attempts = () => new RedisAttemptLimiter({ redis, keyPrefix, name: 'attempts', limit });
  return { fixture, errors, gateway, attempts };
}

limiterContract('redis', async () => {
  const { fixture, gateway, attempts } = make(limitUnderTest);
  const messages = gateway();
  return {
    messages,
    attempts: attempts(),
    pass: async () => undefined,
    close: async () => {
      await messages.close();
      await fixture.close();
    },
  };
});

describe('several processes', () => {
  const { fixture, errors, gateway, attempts } = make({ limit: 10, windowMs: 60_000 });
  afterAll(() => fixture.close());

  it('share one count of messages, reconciled behind', async () => {
    const [one, other] = [gateway(), gateway()];
    for (let i = 0; i < 9; i++) expect(one.take('ann')).toBe(0);
    await expect.poll(() => fixture.redis.get(`${fixture.keyPrefix}limit:messages:ann`), { timeout: 10_000 }).toBe('9');
    expect(other.take('ann')).toBe(0);
    let allowed = 1;
    const takeOne = (): number => {
      const waitMs = other.take('ann');
      if (waitMs === 0) allowed++;
      return waitMs;
    };
    await expect.poll(takeOne, { interval: 100, timeout: 10_000 }).toBeGreaterThan(0);
    expect(allowed, 'what it allows by itself ends with the first round trip').toBeLessThanOrEqual(3);
    expect(other.take('bob')).toBe(0);
    await Promise.all([one.close(), other.close()]);
    expect(errors).toEqual([]);
  });

  it('share one count of attempts exactly', async () => {
    const [one, other] = [attempts(), attempts()];
    const taken = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).take('ann')));
    expect(taken.filter((waitMs) => waitMs === 0)).toHaveLength(10);
  });

  it('hold the limit by themselves while Redis is away', async () => {
    const away = make({ limit: 3, windowMs: 60_000 });
    const limiter = away.gateway();
    const failing = away.attempts();
    away.fixture.redis.disconnect();
    for (let i = 0; i < 3; i++) expect(limiter.take('ann')).toBe(0);
    expect(limiter.take('ann')).toBeGreaterThan(0);
    await expect.poll(() => away.errors, { timeout: 10_000 }).toHaveLength(1);
    expect(limiter.take('ann')).toBeGreaterThan(0);
    await expect(failing.take('ann')).rejects.toMatchObject({ code: 'unavailable' });
    await limiter.close();
  });
});
