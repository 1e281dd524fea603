import { systemTimers } from '@parley/schemas/environment/system';
import { afterAll, describe, expect, it } from 'vitest';
import { connectRedis } from '../redis/connection.ts';
import { openRedisFixture } from '../redis/redis.fixture.ts';
import { revocationsContract } from './revocations.contract.ts';
import { RedisRevocations } from './revocations.redis.ts';
import { RedisSessionStore } from './store.redis.ts';

const url = process.env['PARLEY_REDIS_URL'] ?? 'redis://127.0.0.1:16379';

function open() {
  const fixture = openRedisFixture();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const listening = connectRedis({ url, clientName: 'revocations', onError });
  const { keyPrefix } = fixture;
  return {
    fixture,
    listening,
    store: new RedisSessionStore({ redis: fixture.redis, keyPrefix }),
    feed: new RedisRevocations({ redis: listening, keyPrefix, timers: systemTimers, onError }),
    close: async (): Promise<void> => {
      listening.disconnect();
      await fixture.close();
    },
  };
}

revocationsContract('redis', async () => open());

describe('a feed that lost its connection', () => {
  const opened = open();
  afterAll(() => opened.close());

  it('says that it may have missed some, and hears again', async () => {
    let missed = 0;
    const heard: string[] = [];
    const end = opened.feed.listen({ revoked: (deviceId) => heard.push(deviceId), missed: () => missed++ });
    await expect.poll(() => missed, { timeout: 10_000 }).toBeGreaterThan(0);
    const before = missed;
    opened.listening.disconnect(true);
    await expect.poll(() => missed, { timeout: 10_000 }).toBeGreaterThan(before);
    await opened.store.revokeDevice({ userId: 'ann', deviceId: 'phone' }, 60_000);
    await expect.poll(() => heard, { timeout: 10_000 }).toContain('phone');
    end();
  });
});
