import { generateTokenKeys } from '@parley/projections/directory/token-keys';
import { loadConfig } from '@parley/runtime/config';
import { describeConfig } from '@parley/runtime/describe-config';
import { createLogger } from '@parley/runtime/logger';
import { describe, expect, it } from 'vitest';
import { LoggedCodeSender, WebhookCodeSender } from './code-sender.ts';
import { config, configProblems, limitsFrom, senderFrom, settingsFrom } from './config.ts';
import { defaultLimits } from './limits.ts';

const needed = {
  PARLEY_POSTGRES_URL: 'postgres://localhost/parley',
  PARLEY_REDIS_URL: 'redis://localhost',
  PARLEY_CQL_CONTACT_POINTS: 'localhost:9042',
  PARLEY_DELIVERY_SECRET: 's'.repeat(32),
  PARLEY_KAFKA_BROKERS: 'localhost:9092',
  PARLEY_REGISTRY_URL: 'http://localhost:8081',
  PARLEY_TOKEN_PRIVATE_KEY: generateTokenKeys().privateKeyPem,
};
const webhook = { PARLEY_CODE_WEBHOOK_URL: 'https://bridge.example/codes', PARLEY_CODE_WEBHOOK_SECRET: 'x'.repeat(16) };
const load = (env: Record<string, string>) => loadConfig(config, { ...needed, ...env });
const problems = (env: Record<string, string>): string => configProblems(load(env)).join('\n');

describe('the configuration', () => {
  it('describes every key', () => {
    for (const line of describeConfig(config)) expect(line).toMatch(/^[A-Z_]+: .{5,}/);
  });

  it('refuses to start in production with codes that are printed or given away, or a wrong clock', () => {
    expect(problems({ NODE_ENV: 'production', ...webhook })).toBe('');
    expect(problems({ NODE_ENV: 'production' })).toContain('PARLEY_CODE_WEBHOOK_URL');
    expect(problems({ ...webhook, PARLEY_DEV_CODES: 'true' })).toContain('PARLEY_DEV_CODES');
    expect(problems({ ...webhook, PARLEY_CLOCK_OFFSET_MS: '5' })).toContain('PARLEY_CLOCK_OFFSET_MS');
    expect(problems({ NODE_ENV: 'development', PARLEY_DEV_CODES: 'true' })).toBe('');
    expect(problems({ NODE_ENV: 'test', PARLEY_CODE_WEBHOOK_URL: webhook.PARLEY_CODE_WEBHOOK_URL })).toContain('both');
  });

  it('says whose word on addresses is taken', () => {
    const trust = (value: string) => settingsFrom(load({ PARLEY_API_TRUST_PROXY: value })).trustProxy;
    expect([trust('false'), trust('true'), trust('10.0.0.0/8,::1')]).toEqual([false, true, ['10.0.0.0/8', '::1']]);
    expect(() => load({ PARLEY_API_TRUST_PROXY: 'everybody' })).toThrow('PARLEY_API_TRUST_PROXY');
  });

  it('scales the limits of a network together', () => {
    expect(limitsFrom(load({}))).toEqual(defaultLimits);
    const wide = limitsFrom(load({ PARLEY_REGISTRATIONS_PER_HOUR: '3000' }));
    expect(wide.verificationsPerNetwork.limit).toBe(6_000);
    expect(wide.codesPerNumber.limit).toBe(5);
    const development = { NODE_ENV: 'test', PARLEY_DEV_CODES: 'true', PARLEY_REGISTRATIONS_PER_HOUR: '3000' };
    expect(limitsFrom(load(development)).codesPerNumber.limit).toBe(3_000);
  });

  it('chooses how codes are sent', () => {
    const logger = createLogger('api', 'fatal');
    expect(senderFrom(load(webhook), logger)).toBeInstanceOf(WebhookCodeSender);
    expect(senderFrom(load({ NODE_ENV: 'development' }), logger)).toBeInstanceOf(LoggedCodeSender);
    expect(() => senderFrom(load({}), logger)).toThrow('never logged in production');
  });
});
