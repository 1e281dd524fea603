import { RedisMessageRateLimiter } from '@parley/projections/limits/limits.redis';
import { limitTable } from '@parley/projections/limits/table';
import { openRedisFixture } from '@parley/projections/redis/redis.fixture';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { expect, vi } from 'vitest';
import { sendLimitContract } from './send-limit.contract.ts';

const reconcileMs = 10;

sendLimitContract('redis', async () => {
  const { redis, keyPrefix, close } = openRedisFixture();
  const limiter = () =>
    new RedisMessageRateLimiter({
      ...{ redis, keyPrefix, reconcileMs, clock: systemClock, timers: systemTimers, limit: limitTable.messages },
      onError: (error) => expect.unreachable(String(error)),
    });
  const limiters = [limiter(), limiter()] as const;
  const counted = async (): Promise<number> => {
    const keys = await redis.keys(`${keyPrefix}limit:messages:*`);
    const counts = keys.length === 0 ? [] : await redis.mget(keys);
    return counts.reduce((sum, count) => sum + Number(count), 0);
  };
  return {
    limiters: [limiters[0], limiters[1]],
    /** The shared count has come to rest. */
    reconciled: async () => {
      let last = -1;
      await vi.waitUntil(
        async () => {
          const before = last;
          last = await counted();
          return before === last;
        },
        { interval: 10 * reconcileMs, timeout: 10_000 },
      );
    },
    close: async () => {
      await Promise.all(limiters.map((one) => one.close()));
      await close();
    },
  };
});
