/** A Redis for one test: the shared one under a random key prefix, which is emptied at the end. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { connectRedis } from './connection.ts';

export interface RedisFixture {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** Deletes every key of the prefix. */
  loseData(): Promise<void>;
  close(): Promise<void>;
}

export function openRedisFixture(): RedisFixture {
  const url = process.env['PARLEY_REDIS_URL'] ?? 'redis://127.0.0.1:16379';
  const failures: Error[] = [];
  const redis = connectRedis({ url, clientName: 'contract', onError: (error) => failures.push(error) });
  const keyPrefix = `test:${randomUUID()}:`;
  const loseData = async (): Promise<void> => {
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', `${keyPrefix}*`, 'COUNT', 1_000);
      if (keys.length > 0) await redis.del(...keys);
      cursor = next;
    } while (cursor !== '0');
  };
  return {
    redis,
    keyPrefix,
    loseData,
    close: async () => {
      if (redis.status === 'ready') await loseData();
      redis.disconnect();
      if (failures.length > 0) throw failures[0];
    },
  };
}
