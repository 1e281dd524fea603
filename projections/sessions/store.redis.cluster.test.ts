import { afterAll, describe, expect, it } from 'vitest';
import { openRedisFixture } from '../redis/redis.fixture.ts';
import { sessionStoreContract } from './store.contract.ts';
import { RedisSessionStore } from './store.redis.ts';

sessionStoreContract('redis', async () => {
  const fixture = openRedisFixture();
  let nowMs = Date.now();
  const time = { nowMs: () => nowMs };
  return {
    store: new RedisSessionStore({ redis: fixture.redis, keyPrefix: fixture.keyPrefix, time }),
    advance: (ms) => {
      nowMs += ms;
    },
    loseData: fixture.loseData,
    close: fixture.close,
  };
});

describe("by the server's own clock", () => {
  const fixture = openRedisFixture();
  const store = new RedisSessionStore({ redis: fixture.redis, keyPrefix: fixture.keyPrefix, ttlMs: 1_000 });
  afterAll(() => fixture.close());
  const key = { userId: 'ann', deviceId: 'phone' };

  it('takes connection ids from it, finds the entry, and forgets it', async () => {
    const [seconds] = await fixture.redis.time();
    const connectionId = await store.register(key, 'gateway');
    expect(Math.abs(connectionId / 1_000 - Number(seconds))).toBeLessThan(5);
    const entry = { ...key, gatewayId: 'gateway', connectionId };
    expect(await store.lookup(['ann', 'bob'])).toEqual([[entry], []]);
    expect(await store.renew([entry])).toEqual(['renewed']);
    await expect.poll(() => store.lookup(['ann']), { timeout: 10_000 }).toEqual([[]]);
    expect(await fixture.redis.keys(`${fixture.keyPrefix}*`)).toEqual([]);
  });

  it('lets a revocation end', async () => {
    await store.revokeDevice({ userId: 'user', deviceId: 'device' }, 1_000);
    expect(await store.isRevoked('device')).toBe(true);
    await expect.poll(() => store.isRevoked('device'), { timeout: 10_000 }).toBe(false);
  });

  it('renews and looks up ten thousand in one round trip each', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    const entries = ids.map((userId) => ({ userId, deviceId: 'web', gatewayId: 'gateway', connectionId: 1 }));
    expect(new Set(await store.renew(entries))).toEqual(new Set(['rewritten']));
    expect(await store.lookup(ids.slice(0, 1_000))).toHaveLength(1_000);
    await store.remove(entries);
  });
});
