import { loadConfig } from '@parley/runtime/config';
import { describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { config, configProblems, settingsFrom } from './config.ts';

const least = {
  PARLEY_KAFKA_BROKERS: 'kafka:9092',
  PARLEY_REGISTRY_URL: 'http://registry:8081',
  PARLEY_CQL_CONTACT_POINTS: 'cql:9042',
  PARLEY_REDIS_URL: 'redis://redis:6379',
  PARLEY_POSTGRES_URL: 'postgres://postgres/parley',
  PARLEY_DELIVERY_SECRET: 'x'.repeat(32),
  PARLEY_DELIVERY_ADDRESS: 'gateway-1.internal:8091',
  PARLEY_TOKEN_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----',
};

describe('the configuration', () => {
  it('describes every key', () => {
    for (const [key, type] of Object.entries(config.shape)) {
      expect((type as ZodType).description, key).toMatch(/\S/);
    }
  });

  it('has a default for everything but where the services are and what proves who one is', () => {
    const settings = settingsFrom(loadConfig(config, least));
    expect(settings).toMatchObject({
      ...{ gatewayId: 'gateway-1.internal:8091', host: '0.0.0.0', liveWindow: 64, messagesPerMinute: 100 },
      ...{ heartbeatIntervalMs: 30_000, heartbeatTimeoutMs: 60_000, drainTimeoutMs: 25_000 },
    });
    for (const key of Object.keys(least)) {
      expect(() => loadConfig(config, { ...least, [key]: undefined }), key).toThrow(key);
    }
  });

  it.each([
    ['PARLEY_DELIVERY_ADDRESS', 'gateway'],
    ['PARLEY_DELIVERY_ADDRESS', 'http://gateway:1'],
    ['PARLEY_DELIVERY_SECRET', 'short'],
    ['PARLEY_LIVE_WINDOW', '0'],
    ['PARLEY_MAX_CONNECTIONS', 'many'],
    ['PARLEY_GATEWAY_PORT', '70000'],
  ])('refuses %s=%s', (key, value) => {
    expect(() => loadConfig(config, { ...least, [key]: value })).toThrow(key);
  });

  it('refuses a clock that is wrong on purpose in production', () => {
    const wrong = { ...least, PARLEY_CLOCK_OFFSET_MS: '1000' };
    expect(configProblems(loadConfig(config, wrong))).toHaveLength(1);
    expect(configProblems(loadConfig(config, { ...wrong, NODE_ENV: 'test' }))).toEqual([]);
  });

  it('drains within its timeout, and bounds a page and a socket so that they fit each other', () => {
    const settings = settingsFrom(loadConfig(config, { ...least, PARLEY_DRAIN_TIMEOUT_MS: '4000' }));
    expect(settings.drainSpreadMs).toBe(2_000);
    const { highWaterBytes, maxReads, maxPageBytes, maxBodyBytes, maxBackpressureBytes, maxFrameBytes } = settings;
    expect(highWaterBytes + maxReads * (maxPageBytes + maxBodyBytes)).toBeLessThan(maxBackpressureBytes);
    expect(maxBodyBytes * 1.4).toBeLessThan(maxFrameBytes);
  });
});
