/** What the API reads from the environment. */
import type { Limit } from '@parley/projections/limits/limits';
import {
  cqlConfig,
  deliveryConfig,
  developmentConfig,
  kafkaConfig,
  postgresConfig,
  processConfig,
  redisConfig,
  timerConfig,
  tokenSignerConfig,
  unsafeInProduction,
} from '@parley/runtime/cluster-config';
import { list, secret, whole } from '@parley/runtime/config';
import type { Logger } from 'pino';
import { z } from 'zod';
import { adminConfig } from './admin/config.ts';
import { type CodeSender, LoggedCodeSender, WebhookCodeSender } from './code-sender.ts';
import { type ApiSettings, defaultApiSettings } from './dependencies.ts';
import { defaultLimits, type LimitName } from './limits.ts';

/** In the spelling in which browsers send it: scheme, host and port alone. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** The keys that standalone has too. */
export const apiConfig = {
  PARLEY_API_HOST: z.string().default('0.0.0.0').describe('address that the API listens on'),
  PARLEY_API_PORT: whole(0, 65_535, 8_080).describe('port that the API listens on'),
  PARLEY_API_TRUST_PROXY: z
    .string()
    .regex(/^(true|false|[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*)$/, 'must be true, false, or addresses and networks')
    .default('false')
    .describe('whose X-Forwarded-For is believed: true for everybody, or addresses and networks, separated by commas'),
  PARLEY_API_CORS_ORIGINS: list
    .pipe(z.array(z.string().refine(isOrigin, 'must be origins such as https://chat.example.org')))
    .default([])
    .describe('origins whose pages may call the API from a browser, separated by commas; without it none may'),
  PARLEY_API_MAX_BODY_BYTES: whole(1_024, 16_777_216, defaultApiSettings.maxBodyBytes).describe(
    'largest body of a request',
  ),
  PARLEY_API_MAX_CONNECTIONS: whole(1, 1_000_000, defaultApiSettings.maxConnections).describe(
    'connections that are open at a time',
  ),
  PARLEY_REGISTRATIONS_PER_HOUR: whole(1, 1_000_000_000, defaultLimits.codesPerNetwork.limit).describe(
    'one-time codes that one network may ask for in an hour; verifications and refreshes follow it',
  ),
  PARLEY_CODES_PER_NUMBER_PER_HOUR: whole(1, 1_000, defaultLimits.codesPerNumber.limit).describe(
    'one-time codes that are sent to one phone number in an hour; does not hold where codes come back in the answer',
  ),
  PARLEY_CALLS_PER_USER_PER_MINUTE: whole(1, 1_000_000_000, defaultLimits.callsPerUser.limit).describe(
    'calls that a user may make in a minute',
  ),
  PARLEY_CODE_WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('where one-time codes are POSTed for an SMS provider; without it they are printed, in development only'),
  PARLEY_CODE_WEBHOOK_SECRET: z.string().min(16).optional().meta(secret('bearer token of that request')),
};

export const config = z.object({
  ...processConfig,
  ...postgresConfig,
  ...redisConfig,
  ...cqlConfig,
  ...deliveryConfig,
  // The relay appends to a topic that is there.
  PARLEY_KAFKA_BROKERS: kafkaConfig.PARLEY_KAFKA_BROKERS,
  PARLEY_REGISTRY_URL: kafkaConfig.PARLEY_REGISTRY_URL,
  PARLEY_GROUP_MEMBERS_HOST: z
    .string()
    .default('0.0.0.0')
    .describe('address that other services of the cell ask at who is in a group; not for the internet'),
  PARLEY_GROUP_MEMBERS_PORT: whole(0, 65_535, 8_092).describe(
    'port that other services of the cell ask at who is in a group',
  ),
  ...tokenSignerConfig,
  ...developmentConfig,
  ...timerConfig,
  ...adminConfig,
  ...apiConfig,
});

type SharedKeys = z.infer<
  z.ZodObject<typeof apiConfig & typeof developmentConfig & Pick<typeof processConfig, 'NODE_ENV'>>
>;

/** What makes a configuration unfit to start with, in production above all. */
export function configProblems(values: Partial<SharedKeys>): string[] {
  const problems = unsafeInProduction(values);
  const webhook = values.PARLEY_CODE_WEBHOOK_URL !== undefined;
  if (webhook !== (values.PARLEY_CODE_WEBHOOK_SECRET !== undefined)) {
    problems.push('PARLEY_CODE_WEBHOOK_URL and PARLEY_CODE_WEBHOOK_SECRET: give both or neither');
  }
  if (values.NODE_ENV === 'production' && !webhook) {
    problems.push(
      'PARLEY_CODE_WEBHOOK_URL: without it nobody could register, as codes are never printed in production',
    );
  }
  return problems;
}

export function settingsFrom(values: SharedKeys): ApiSettings {
  const trust = values.PARLEY_API_TRUST_PROXY;
  return {
    production: values.NODE_ENV === 'production',
    echoCodes: values.PARLEY_DEV_CODES,
    trustProxy: trust === 'true' || trust === 'false' ? trust === 'true' : trust.split(','),
    corsOrigins: values.PARLEY_API_CORS_ORIGINS,
    maxBodyBytes: values.PARLEY_API_MAX_BODY_BYTES,
    maxConnections: values.PARLEY_API_MAX_CONNECTIONS,
  };
}

/** All limits of a network grow with the one that is configured. */
export function limitsFrom(values: SharedKeys): Record<LimitName, Limit> {
  const factor = values.PARLEY_REGISTRATIONS_PER_HOUR / defaultLimits.codesPerNetwork.limit;
  const scaled = ({ limit, windowMs }: Limit): Limit => ({ limit: Math.max(1, Math.ceil(limit * factor)), windowMs });
  const perNumber = values.PARLEY_DEV_CODES
    ? values.PARLEY_REGISTRATIONS_PER_HOUR
    : values.PARLEY_CODES_PER_NUMBER_PER_HOUR;
  return {
    ...defaultLimits,
    codesPerNumber: { ...defaultLimits.codesPerNumber, limit: perNumber },
    codesPerNetwork: scaled(defaultLimits.codesPerNetwork),
    verificationsPerNetwork: scaled(defaultLimits.verificationsPerNetwork),
    refreshesPerNetwork: scaled(defaultLimits.refreshesPerNetwork),
    linksPerNetwork: scaled(defaultLimits.linksPerNetwork),
    callsPerUser: { ...defaultLimits.callsPerUser, limit: values.PARLEY_CALLS_PER_USER_PER_MINUTE },
  };
}

export function senderFrom(values: SharedKeys, logger: Logger): CodeSender {
  const { PARLEY_CODE_WEBHOOK_URL: url, PARLEY_CODE_WEBHOOK_SECRET: secret } = values;
  if (url !== undefined && secret !== undefined) return new WebhookCodeSender({ url, secret, fetch });
  return new LoggedCodeSender(logger, { production: values.NODE_ENV === 'production' });
}
