/** The processor of a cluster: the conversation, receipts and presence processors on Kafka, CQL, Redis and PostgreSQL. */
import { CachedDataKeys } from '@parley/projections/data-keys/data-keys.cached';
import { SqlDataKeys } from '@parley/projections/data-keys/data-keys.sql';
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { CachedUserDirectory } from '@parley/projections/directory/users.cached';
import { SqlUserDirectory } from '@parley/projections/directory/users.sql';
import { openCqlGenerations } from '@parley/projections/generations/generations.cql';
import { RedisPresenceStore } from '@parley/projections/presence/store.redis';
import { connectRedis } from '@parley/projections/redis/connection';
import { RedisSessionStore } from '@parley/projections/sessions/store.redis';
import { processClock } from '@parley/runtime/clock';
import { watchClusterClock } from '@parley/runtime/cluster-clock';
import { unsafeInProduction } from '@parley/runtime/cluster-config';
import { type Running, runMain } from '@parley/runtime/main';
import { createMetrics, startOperations } from '@parley/runtime/operations';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { startAuditFollower } from '@parley/streams/audit/audit-follower';
import { deliverySecret } from '@parley/streams/delivery/delivery-token';
import { GrpcLink } from '@parley/streams/delivery/link.grpc';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { topicSpecs } from '@parley/streams/log/topics';
import type { Logger } from 'pino';
import { config, type ProcessorConfig } from './config.ts';
import { createProcessor, defaultProcessorSettings } from './processor.ts';

async function start(settings: ProcessorConfig, logger: Logger): Promise<Running> {
  const clock = processClock(settings.PARLEY_CLOCK_OFFSET_MS);
  const metrics = createMetrics('processor');
  const timers = systemTimers;
  const codec = new EventCodec(await RegistrySchemas.connect({ url: settings.PARLEY_REGISTRY_URL }));
  const log = await KafkaLog.connect({
    brokers: settings.PARLEY_KAFKA_BROKERS,
    clientId: `parley-processor-${process.pid}`,
    replicationFactor: settings.PARLEY_KAFKA_REPLICATION,
    sessionTimeoutMs: settings.PARLEY_KAFKA_SESSION_TIMEOUT_MS,
    clock,
    timers,
    logger,
  });
  await log.ensureTopics(topicSpecs(settings.PARLEY_PARTITIONS));
  const projections = await openCqlGenerations({
    contactPoints: settings.PARLEY_CQL_CONTACT_POINTS,
    datacenter: settings.PARLEY_CQL_DATACENTER,
    keyspace: settings.PARLEY_CQL_KEYSPACE,
    clock,
    timers,
    metrics,
    logger,
  });
  const onRedisError = (error: Error) => logger.warn({ err: error }, 'redis connection lost');
  const redis = (use: string) =>
    connectRedis({ url: settings.PARLEY_REDIS_URL, clientName: `parley-processor-${use}`, onError: onRedisError });
  const sessionsRedis = redis('sessions');
  const sessions = new RedisSessionStore({ redis: sessionsRedis });
  const presence = new RedisPresenceStore({ redis: redis('presence') });
  const directory = await openPostgresDirectory(settings.PARLEY_POSTGRES_URL, {
    migrate: false,
    onError: (error) => logger.warn({ err: error }, 'postgres connection lost'),
  });
  const link = new GrpcLink({
    clock,
    timers,
    random: systemRandom,
    metrics,
    logger,
    secret: deliverySecret(settings.PARLEY_DELIVERY_SECRET),
  });
  const devices = new CachedUserDirectory({ source: new SqlUserDirectory(directory), clock });
  const keys = new SqlDataKeys({ database: directory, clock, random: systemRandom });
  const dataKeys = new CachedDataKeys({ source: keys, clock });
  const processor = createProcessor(
    { log, codec, projections, sessions, link, devices, dataKeys, presence, clock, timers, metrics, logger },
    { ...defaultProcessorSettings, maxBatchRecords: settings.PARLEY_BATCH_RECORDS },
  );
  // Gateways refuse the delivery tokens of a wrong clock, so a processor that has one must leave its partitions to others.
  const clockWatch = await watchClusterClock({
    isChecked: settings.PARLEY_CLOCK_CHECK,
    ...{ redis: sessionsRedis, directory, clock, timers, logger, metrics },
    onWrong: () => process.kill(process.pid, 'SIGTERM'),
  });
  let isAssigned = false;
  const operations = await startOperations({
    host: settings.PARLEY_OPERATIONS_HOST,
    port: settings.PARLEY_OPERATIONS_PORT,
    isReady: () => isAssigned && log.isReady(),
    metrics,
  });
  await clockWatch?.untilRight();
  await processor.start();
  isAssigned = true;
  const audit = await startAuditFollower(
    { log, codec, clock, timers, logger, metrics },
    settings.PARLEY_AUDIT_SEAL_SECONDS,
  );
  return {
    async stop() {
      isAssigned = false;
      clockWatch?.close();
      await processor.close();
      await audit?.close();
      await link.close();
      await log.close();
      await Promise.all([projections.close(), sessions.close(), presence.close(), directory.close()]);
      await operations.close();
    },
  };
}

runMain({ name: 'processor', config, unfit: unsafeInProduction, stopTimeoutMs: 30_000, start });
