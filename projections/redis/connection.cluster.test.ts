/** Redis that is away, that hangs, and that comes back, seen through a proxy that can be cut and frozen. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { hasCode } from '@parley/schemas/errors/parley-error';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RedisSessionStore } from '../sessions/store.redis.ts';
import { connectRedis } from './connection.ts';
import { openRedisFixture, type RedisFixture } from './redis.fixture.ts';

const target = new URL(process.env['PARLEY_REDIS_URL'] ?? 'redis://127.0.0.1:16379');
let proxy: Server;
let port: number;
let sockets: Set<Socket>;
let fixture: RedisFixture;
let redis: Redis;
let store: RedisSessionStore;

function listen(onPort: number): Promise<void> {
  sockets = new Set();
  proxy = createServer((inward) => {
    const outward = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  return new Promise((resolve) => proxy.listen(onPort, '127.0.0.1', resolve));
}

function cut(): Promise<void> {
  const closed = new Promise<void>((resolve) => proxy.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  return closed;
}

beforeEach(async () => {
  fixture = openRedisFixture();
  await listen(0);
  port = (proxy.address() as { port: number }).port;
  const lost: Error[] = [];
  redis = connectRedis({
    url: `redis://127.0.0.1:${port}`,
    clientName: 'outage',
    commandTimeoutMs: 400,
    onError: (error) => lost.push(error),
  });
  store = new RedisSessionStore({ redis, keyPrefix: fixture.keyPrefix });
});

afterEach(async () => {
  await store.close();
  await cut();
  await fixture.close();
});

const key = { userId: 'ann', deviceId: 'phone' };

it('fails with unavailable, in bounded time, while Redis is away, and works again when it is back', async () => {
  const connectionId = await store.register(key, 'gateway');
  await cut();
  const began = performance.now();
  const attempts = await Promise.allSettled([
    store.register(key, 'gateway'),
    store.lookup(['ann']),
    store.renew([{ ...key, gatewayId: 'gateway', connectionId }]),
    store.isRevoked('phone'),
  ]);
  expect(performance.now() - began).toBeLessThan(5_000);
  for (const attempt of attempts) {
    expect(attempt.status).toBe('rejected');
    if (attempt.status === 'rejected') expect(hasCode(attempt.reason, 'unavailable')).toBe(true);
  }
  await listen(port);
  await expect.poll(() => store.lookup(['ann']).catch(() => 'away'), { timeout: 10_000 }).not.toBe('away');
  expect((await store.lookup(['ann']))[0]).toHaveLength(1);
  expect(await store.register(key, 'gateway')).toBeGreaterThan(connectionId);
});

it('does not hang when Redis does, and gives up a connection that went silent', async () => {
  await store.register(key, 'gateway');
  for (const socket of sockets) {
    socket.unpipe();
    socket.pause();
  }
  const began = performance.now();
  await expect(store.lookup(['ann'])).rejects.toMatchObject({ code: 'unavailable' });
  await expect(store.register(key, 'gateway')).rejects.toMatchObject({ code: 'unavailable' });
  expect(performance.now() - began).toBeLessThan(5_000);
  await expect.poll(() => store.lookup(['ann']).catch(() => 'silent'), { timeout: 10_000 }).not.toBe('silent');
});
