/** The pusher of a cluster: takes jobs from Kafka, asks PostgreSQL and CQL whom and whether, and prints what it would send. */
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { CachedUserDirectory } from '@parley/projections/directory/users.cached';
import { SqlUserDirectory } from '@parley/projections/directory/users.sql';
import { openCqlGenerations } from '@parley/projections/generations/generations.cql';
import { processClock } from '@parley/runtime/clock';
import { unsafeInProduction } from '@parley/runtime/cluster-config';
import { type Running, runMain } from '@parley/runtime/main';
import { createMetrics, startOperations } from '@parley/runtime/operations';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { systemTimers } from '@parley/schemas/environment/system';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { topicSpecs } from '@parley/streams/log/topics';
import type { Logger } from 'pino';
import { config, type PusherConfig } from './config.ts';
import { PrintProvider } from './provider.print.ts';
import { createPusher } from './pusher.ts';

async function start(settings: PusherConfig, logger: Logger): Promise<Running> {
  const clock = processClock(settings.PARLEY_CLOCK_OFFSET_MS);
  const metrics = createMetrics('pusher');
  const timers = systemTimers;
  const codec = new EventCodec(await RegistrySchemas.connect({ url: settings.PARLEY_REGISTRY_URL }));
  const log = await KafkaLog.connect({
    brokers: settings.PARLEY_KAFKA_BROKERS,
    clientId: `parley-pusher-${process.pid}`,
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
  const directory = await openPostgresDirectory(settings.PARLEY_POSTGRES_URL, {
    migrate: false,
    onError: (error) => logger.warn({ err: error }, 'postgres connection lost'),
  });
  const pusher = createPusher(
    {
      log,
      codec,
      recipients: new CachedUserDirectory({ source: new SqlUserDirectory(directory), clock }),
      watermarks: projections.receipts,
      inbox: projections.inboxLookup,
      provider: new PrintProvider(logger),
      clock,
      metrics,
    },
    { maxBatchRecords: settings.PARLEY_BATCH_JOBS },
  );
  let isAssigned = false;
  const operations = await startOperations({
    host: settings.PARLEY_OPERATIONS_HOST,
    port: settings.PARLEY_OPERATIONS_PORT,
    isReady: () => isAssigned && log.isReady(),
    metrics,
  });
  await pusher.start();
  isAssigned = true;
  return {
    async stop() {
      isAssigned = false;
      await pusher.close();
      await log.close();
      await Promise.all([projections.close(), directory.close()]);
      await operations.close();
    },
  };
}

runMain({ name: 'pusher', config, unfit: unsafeInProduction, stopTimeoutMs: 30_000, start });
