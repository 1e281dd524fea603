import { afterAll, describe, expect, it } from 'vitest';
import { openRedisFixture } from '../redis/redis.fixture.ts';
import { presenceStoreContract } from './store.contract.ts';
import { RedisPresenceStore } from './store.redis.ts';

presenceStoreContract('redis', async () => {
  const fixture = openRedisFixture();
  return {
    store: new RedisPresenceStore({ redis: fixture.redis, keyPrefix: fixture.keyPrefix, time: 'caller' }),
    loseData: fixture.loseData,
    close: fixture.close,
  };
});

describe("by the server's own clock", () => {
  const fixture = openRedisFixture();
  const store = new RedisPresenceStore({ redis: fixture.redis, keyPrefix: fixture.keyPrefix });
  afterAll(() => fixture.close());
  const lease = { userId: 'ann', deviceId: 'phone', connectionId: 1, gatewayId: 'gateway' };
  const anHour = 3_600_000;

  it('rule 19: a gateway whose clock is an hour wrong neither shortens nor lengthens its leases', async () => {
    const nowMs = Number((await fixture.redis.time())[0]) * 1_000;
    for (const wrongMs of [nowMs - anHour, nowMs + anHour]) {
      await store.renew([{ ...lease, partition: 0 }], wrongMs);
      expect(await store.expired(0, nowMs + anHour, 10)).toEqual([]);
      const score = Number(await fixture.redis.zscore(`${fixture.keyPrefix}presence:leases:0`, 'ann|phone|1|gateway'));
      expect(Math.abs(score - nowMs - 50_000)).toBeLessThan(5_000);
    }
    await store.watch('gateway', ['ann'], nowMs - anHour);
    expect(await store.watchers('ann', nowMs + anHour)).toEqual(['gateway']);
  });

  it('every key but that of a user who is online has an end', async () => {
    await store.connect(lease, 1);
    expect(await fixture.redis.pttl(`${fixture.keyPrefix}presence:user:ann`)).toBe(-1);
    await store.disconnect(lease, 2);
    await store.renew([{ ...lease, partition: 0 }], 1);
    await store.watch('gateway', ['ann'], 1);
    const keys = await fixture.redis.keys(`${fixture.keyPrefix}*`);
    expect(keys).toHaveLength(3);
    for (const key of keys) expect(await fixture.redis.pttl(key)).toBeGreaterThan(0);
  });
});
