/** Configuration that the apps of a cluster share: where the services are, and what proves one process to another. */
import { z } from 'zod';
import { flag, list, secret, whole } from './config.ts';

export const processConfig = {
  NODE_ENV: z
    .enum(['development', 'production', 'test'])
    .default('production')
    .describe('development relaxes what is unsafe in production'),
  PARLEY_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('least level that is logged'),
  PARLEY_OPERATIONS_HOST: z.string().default('0.0.0.0').describe('address of /healthz, /readyz and /metrics'),
  PARLEY_OPERATIONS_PORT: whole(0, 65_535, 9_090).describe('port of /healthz, /readyz and /metrics'),
  PARLEY_CLOCK_OFFSET_MS: z.coerce
    .number()
    .int()
    .default(0)
    .describe('for tests: how far this process lets its clock be wrong; refused when NODE_ENV is production'),
};

export const clockConfig = {
  PARLEY_CLOCK_CHECK: flag(true).describe(
    'whether this process asks Redis and the directory if its clock is right, and takes no work while it is not; ' +
      'false is for tests that travel in time, and refused when NODE_ENV is production',
  ),
};

export const kafkaConfig = {
  PARLEY_KAFKA_BROKERS: list.describe('host:port of brokers, separated by commas'),
  PARLEY_KAFKA_REPLICATION: whole(1, 9, 3).describe(
    'replication factor of topics that are made; acks=all with two in-sync replicas where it is 3 or more',
  ),
  PARLEY_KAFKA_SESSION_TIMEOUT_MS: whole(1_000, 300_000, 10_000).describe(
    'how long a consumer may be silent before its partitions go to others',
  ),
  PARLEY_PARTITIONS: whole(1, 100_000, 64).describe('partitions of a topic, fixed at its birth'),
  PARLEY_REGISTRY_URL: z.url().describe('Confluent-compatible schema registry'),
};

export const cqlConfig = {
  PARLEY_CQL_CONTACT_POINTS: list.describe('host:port of CQL nodes, separated by commas'),
  PARLEY_CQL_DATACENTER: z.string().default('datacenter1').describe('local data centre'),
  PARLEY_CQL_KEYSPACE: z.string().default('parley').describe('keyspace'),
  PARLEY_CQL_REPLICATION: whole(1, 9, 3).describe('replication factor of the keyspace when it is made'),
};

export const redisConfig = {
  PARLEY_REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .meta(secret('sessions, leases and limits')),
};

export const postgresConfig = {
  PARLEY_POSTGRES_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')
    .meta(secret('the directory')),
};

export const deliveryConfig = {
  PARLEY_DELIVERY_SECRET: z
    .string()
    .min(32)
    .meta(secret('shared by api, processors and gateways: signs delivery tokens')),
};

export const tokenVerifierConfig = {
  PARLEY_TOKEN_PUBLIC_KEY: z
    .string()
    .includes('BEGIN PUBLIC KEY', { message: 'must be a PEM public key' })
    .describe('Ed25519 public key that access tokens are checked with'),
};

export const tokenSignerConfig = {
  PARLEY_TOKEN_PRIVATE_KEY: z
    .string()
    .includes('BEGIN PRIVATE KEY', { message: 'must be a PEM private key' })
    .meta(secret('Ed25519 private key that signs access tokens')),
};

export const auditConfig = {
  PARLEY_AUDIT_SEAL_SECONDS: whole(0, 3_600, 10).describe(
    'how often the hash chain over chat.messages is sealed with what has come; 0: not by this process',
  ),
};

export const developmentConfig = {
  PARLEY_DEV_CODES: flag(false).describe(
    'for tests: one-time codes come back in the answer; refused when NODE_ENV is production',
  ),
};

export const timerConfig = {
  PARLEY_DEV_TIMER_SECONDS: whole(0, 86_399, 0).describe(
    'for tests: one more disappearing timer, a short one; gateways and API must agree; refused when NODE_ENV is production',
  ),
};

/** What may not be in production: refuses to start with it. */
export function unsafeInProduction(config: {
  readonly NODE_ENV?: string | undefined;
  readonly PARLEY_CLOCK_OFFSET_MS?: number | undefined;
  readonly PARLEY_CLOCK_CHECK?: boolean | undefined;
  readonly PARLEY_DEV_CODES?: boolean | undefined;
  readonly PARLEY_DEV_TIMER_SECONDS?: number | undefined;
}): string[] {
  if (config.NODE_ENV !== 'production') return [];
  const problems: string[] = [];
  if ((config.PARLEY_CLOCK_OFFSET_MS ?? 0) !== 0)
    problems.push('PARLEY_CLOCK_OFFSET_MS: a wrong clock is for tests only');
  if (config.PARLEY_CLOCK_CHECK === false) problems.push('PARLEY_CLOCK_CHECK: an unchecked clock is for tests only');
  if (config.PARLEY_DEV_CODES === true) problems.push('PARLEY_DEV_CODES: anybody could register any number');
  if ((config.PARLEY_DEV_TIMER_SECONDS ?? 0) !== 0)
    problems.push('PARLEY_DEV_TIMER_SECONDS: a short timer is for tests only');
  return problems;
}
