/** What the standalone process reads from the environment. Everything has a default: `npm start` needs nothing. */
import { apiConfig } from '@parley/api/config';
import { auditConfig, developmentConfig, processConfig, timerConfig } from '@parley/runtime/cluster-config';
import { whole } from '@parley/runtime/config';
import { z } from 'zod';

const ports = z
  .string()
  .default('8081,8082')
  .transform((text) => text.split(',').map(Number))
  .refine(
    (numbers) => numbers.length > 0 && numbers.every((port) => Number.isInteger(port) && port >= 0 && port < 65_536),
    {
      message: 'must be port numbers, separated by commas',
    },
  );

export const config = z.object({
  ...processConfig,
  ...developmentConfig,
  ...timerConfig,
  ...apiConfig,
  ...auditConfig,
  PARLEY_DATA_DIR: z
    .string()
    .min(1)
    .default('var/standalone')
    .describe('folder that holds everything, also across restarts'),
  PARLEY_GATEWAY_HOST: z.string().default('0.0.0.0').describe('address that the gateways listen on'),
  PARLEY_GATEWAY_PORTS: ports.describe('one gateway for each port'),
  PARLEY_PARTITIONS: whole(1, 1_024, 12).describe('partitions of a topic, fixed at its birth'),
  PARLEY_MESSAGES_PER_MINUTE: whole(1, 1_000_000_000, 100).describe('messages that a user may send in a minute'),
  PARLEY_MAX_CONNECTIONS: whole(1, 10_000_000, 100_000).describe('connections of each gateway'),
  PARLEY_LIVE_WINDOW: whole(1, 1_024, 64).describe(
    'live messages that a device may leave unacknowledged before it has to catch up from the store',
  ),
});

export type StandaloneConfig = z.infer<typeof config>;
