/** The gateway of a cluster: devices on WebSockets, processors on gRPC, and Kafka, CQL, Redis and PostgreSQL behind them. */

import { CachedDataKeys } from '@parley/projections/data-keys/data-keys.cached';
import { SqlDataKeys } from '@parley/projections/data-keys/data-keys.sql';
import { PublicKeyVerifier } from '@parley/projections/directory/access-tokens';
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { CachedPrivacy } from '@parley/projections/directory/privacy.cached';
import { SqlPrivacy } from '@parley/projections/directory/privacy.sql';
import { CachedUserDirectory } from '@parley/projections/directory/users.cached';
import { SqlUserDirectory } from '@parley/projections/directory/users.sql';
import { openCqlGenerations } from '@parley/projections/generations/generations.cql';
import { RedisMessageRateLimiter } from '@parley/projections/limits/limits.redis';
import { RedisPresenceStore } from '@parley/projections/presence/store.redis';
import type { Projections } from '@parley/projections/projections';
import { connectRedis } from '@parley/projections/redis/connection';
import { RedisRevocations } from '@parley/projections/sessions/revocations.redis';
import { RedisSessionStore } from '@parley/projections/sessions/store.redis';
import { processClock } from '@parley/runtime/clock';
import { watchClusterClock } from '@parley/runtime/cluster-clock';
import { type Running, runMain } from '@parley/runtime/main';
import { createMetrics, startOperations } from '@parley/runtime/operations';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { deliverySecret } from '@parley/streams/delivery/delivery-token';
import { GrpcLink, startGrpcSink } from '@parley/streams/delivery/link.grpc';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { topicSpecs } from '@parley/streams/log/topics';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { config, configProblems, type GatewayConfig, settingsFrom } from './config.ts';
import type { GatewayDependencies } from './dependencies.ts';
import { createGateway } from './gateway.ts';

interface Surroundings {
  readonly values: GatewayConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

interface Opened {
  readonly dependencies: GatewayDependencies;
  close(): Promise<void>;
}

async function openLog({ values, clock, logger }: Surroundings): Promise<KafkaLog> {
  const log = await KafkaLog.connect({
    brokers: values.PARLEY_KAFKA_BROKERS,
    clientId: `parley-gateway-${process.pid}`,
    replicationFactor: values.PARLEY_KAFKA_REPLICATION,
    sessionTimeoutMs: values.PARLEY_KAFKA_SESSION_TIMEOUT_MS,
    clock,
    timers: systemTimers,
    logger,
  });
  await log.ensureTopics(topicSpecs(values.PARLEY_PARTITIONS));
  return log;
}

function openProjections({ values, clock, logger, metrics }: Surroundings): Promise<Projections> {
  return openCqlGenerations({
    contactPoints: values.PARLEY_CQL_CONTACT_POINTS,
    datacenter: values.PARLEY_CQL_DATACENTER,
    keyspace: values.PARLEY_CQL_KEYSPACE,
    clock,
    timers: systemTimers,
    metrics,
    logger,
  });
}

function openRedis({ values, clock, logger }: Surroundings) {
  const connect = (use: string) =>
    connectRedis({
      url: values.PARLEY_REDIS_URL,
      clientName: `parley-gateway-${use}`,
      onError: (error) => logger.warn({ err: error }, 'redis connection lost'),
    });
  const limits = connect('limits');
  const limiter = new RedisMessageRateLimiter({
    redis: limits,
    clock,
    timers: systemTimers,
    limit: { limit: values.PARLEY_MESSAGES_PER_MINUTE, windowMs: 60_000 },
    onError: (error) => logger.warn({ err: error }, 'limits are kept by this gateway alone'),
  });
  const sessions = new RedisSessionStore({ redis: connect('sessions') });
  const presence = new RedisPresenceStore({ redis: connect('presence') });
  const listening = connect('revocations');
  const revocations = new RedisRevocations({
    redis: listening,
    timers: systemTimers,
    onError: (error) => logger.warn({ err: error }, 'revocations are heard of by the periodic check alone'),
  });
  return {
    limiter,
    sessions,
    presence,
    revocations,
    connection: limits,
    async close(): Promise<void> {
      await Promise.all([limiter.close(), sessions.close(), presence.close()]);
      limits.disconnect();
      listening.disconnect();
    },
  };
}

async function open(surroundings: Surroundings): Promise<Opened> {
  const { values, clock, logger, metrics } = surroundings;
  const codec = new EventCodec(await RegistrySchemas.connect({ url: values.PARLEY_REGISTRY_URL }));
  const log = await openLog(surroundings);
  const projections = await openProjections(surroundings);
  const redis = openRedis(surroundings);
  const directory = await openPostgresDirectory(values.PARLEY_POSTGRES_URL, {
    migrate: false,
    onError: (error) => logger.warn({ err: error }, 'postgres connection lost'),
  });
  const link = new GrpcLink({
    ...{ clock, timers: systemTimers, random: systemRandom, metrics, logger },
    secret: deliverySecret(values.PARLEY_DELIVERY_SECRET),
  });
  const clockCheck = await watchClusterClock({
    isChecked: values.PARLEY_CLOCK_CHECK,
    ...{ redis: redis.connection, directory, clock, logger, metrics, timers: systemTimers },
  });
  return {
    dependencies: {
      ...(clockCheck === null ? {} : { clockCheck }),
      ...{ log, codec, clock, logger, metrics, timers: systemTimers, random: systemRandom },
      ...{ sessions: redis.sessions, revocations: redis.revocations, presence: redis.presence, limiter: redis.limiter },
      ...{ members: projections.members, messages: projections.messageLookup, inbox: projections.inbox },
      ...{ receipts: projections.receipts, history: projections.history },
      users: new CachedUserDirectory({ source: new SqlUserDirectory(directory), clock }),
      tokens: new PublicKeyVerifier({ clock, publicKeyPems: [values.PARLEY_TOKEN_PUBLIC_KEY] }),
      privacy: new CachedPrivacy({ source: new SqlPrivacy({ database: directory, clock }), clock }),
      dataKeys: new CachedDataKeys({
        source: new SqlDataKeys({ database: directory, clock, random: systemRandom }),
        clock,
      }),
      pushJobs: new PushJobQueue({ log, codec, clock }),
      link,
    },
    async close() {
      clockCheck?.close();
      await link.close();
      await log.close();
      await Promise.all([projections.close(), redis.close(), directory.close()]);
    },
  };
}

async function start(values: GatewayConfig, logger: Logger): Promise<Running> {
  const clock = processClock(values.PARLEY_CLOCK_OFFSET_MS);
  const metrics = createMetrics('gateway');
  const { dependencies, close } = await open({ values, clock, logger, metrics });
  const gateway = await createGateway(dependencies, settingsFrom(values));
  const operations = await startOperations({
    host: values.PARLEY_OPERATIONS_HOST,
    port: values.PARLEY_OPERATIONS_PORT,
    isReady: () => gateway.isReady(),
    metrics,
  });
  // Before the first device is let in: what is routed to it must find the way here.
  const sink = await startGrpcSink({
    host: values.PARLEY_DELIVERY_HOST,
    port: values.PARLEY_DELIVERY_PORT,
    sink: gateway.sink,
    secret: deliverySecret(values.PARLEY_DELIVERY_SECRET),
    clock,
    logger,
  });
  await gateway.listen(values.PARLEY_GATEWAY_PORT);
  return {
    async stop() {
      await gateway.drain();
      await gateway.close();
      await sink.close();
      await close();
      await operations.close();
    },
  };
}

/** Beyond the longest drain that may be configured, for what follows it. */
runMain({ name: 'gateway', config, unfit: configProblems, stopTimeoutMs: 150_000, start });
