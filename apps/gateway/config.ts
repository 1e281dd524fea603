/** What a gateway of a cluster reads from the environment. */
import {
  clockConfig,
  cqlConfig,
  deliveryConfig,
  kafkaConfig,
  postgresConfig,
  processConfig,
  redisConfig,
  timerConfig,
  tokenVerifierConfig,
  unsafeInProduction,
} from '@parley/runtime/cluster-config';
import { whole } from '@parley/runtime/config';
import { timersWith } from '@parley/streams/conversation/timers';
import { z } from 'zod';
import { defaultGatewaySettings, type GatewaySettings } from './settings.ts';

const defaults = defaultGatewaySettings('');

/** Of the gateway itself, whatever stands around it. */
export const gatewayConfig = {
  PARLEY_GATEWAY_HOST: z.string().default('0.0.0.0').describe('address that devices connect to'),
  PARLEY_GATEWAY_PORT: whole(0, 65_535, 8_081).describe('port that devices connect to'),
  PARLEY_MAX_CONNECTIONS: whole(1, 10_000_000, defaults.maxConnections).describe(
    'connections that this gateway holds; beyond it upgrades are refused',
  ),
  PARLEY_MESSAGES_PER_MINUTE: whole(1, 1_000_000_000, defaults.messagesPerMinute).describe(
    'messages that a user may send in a minute',
  ),
  PARLEY_LIVE_WINDOW: whole(1, 1_024, defaults.liveWindow).describe(
    'live messages that a device may leave unacknowledged before it has to catch up from the store',
  ),
  PARLEY_HEARTBEAT_TIMEOUT_MS: whole(5_000, 600_000, defaults.heartbeatTimeoutMs).describe(
    'a connection that sent nothing for so long is closed; devices are asked to ping in half the time',
  ),
  PARLEY_DRAIN_TIMEOUT_MS: whole(1_000, 120_000, defaults.drainTimeoutMs).describe(
    'how long a stopping gateway gives its connections to leave',
  ),
};

export const config = z.object({
  ...processConfig,
  ...clockConfig,
  ...kafkaConfig,
  ...cqlConfig,
  ...redisConfig,
  ...postgresConfig,
  ...deliveryConfig,
  ...tokenVerifierConfig,
  ...gatewayConfig,
  ...timerConfig,
  PARLEY_DELIVERY_HOST: z.string().default('0.0.0.0').describe('address that processors deliver to'),
  PARLEY_DELIVERY_PORT: whole(0, 65_535, 8_091).describe('port that processors deliver to'),
  PARLEY_DELIVERY_ADDRESS: z
    .string()
    .regex(/^[^\s:]+:\d+$|^\[[0-9a-fA-F:]+\]:\d+$/, 'must be host:port')
    .describe('host:port by which processors reach this very gateway; it is its id'),
});

export type GatewayConfig = z.infer<typeof config>;

/** What makes a configuration unfit to start with. */
export function configProblems(values: Partial<GatewayConfig>): string[] {
  return unsafeInProduction(values);
}

export function settingsFrom(values: GatewayConfig): GatewaySettings {
  const heartbeatTimeoutMs = values.PARLEY_HEARTBEAT_TIMEOUT_MS;
  const drainTimeoutMs = values.PARLEY_DRAIN_TIMEOUT_MS;
  return {
    ...defaultGatewaySettings(values.PARLEY_DELIVERY_ADDRESS),
    host: values.PARLEY_GATEWAY_HOST,
    maxConnections: values.PARLEY_MAX_CONNECTIONS,
    messagesPerMinute: values.PARLEY_MESSAGES_PER_MINUTE,
    timersSeconds: timersWith(values.PARLEY_DEV_TIMER_SECONDS),
    liveWindow: values.PARLEY_LIVE_WINDOW,
    heartbeatTimeoutMs,
    heartbeatIntervalMs: Math.floor(heartbeatTimeoutMs / 2),
    drainTimeoutMs,
    drainSpreadMs: Math.min(defaults.drainSpreadMs, Math.floor(drainTimeoutMs / 2)),
  };
}
