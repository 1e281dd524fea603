/**
 * Brings the services of a cell to where the apps can start: registers schemas, makes topics and tables, migrates the directory.
 *
 * Run once before a deployment. What is there already is left as it is, so running it again does nothing.
 */
import { type CqlConnection, connectCql } from '@parley/projections/cql/connection';
import { type CqlKeyspace, ensureCqlSchema } from '@parley/projections/cql/schema';
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { CqlPointerStore, ensureControlSchema, generationKeyspace } from '@parley/projections/generations/pointer.cql';
import { unsafeInProduction } from '@parley/runtime/cluster-config';
import { createLogger } from '@parley/runtime/logger';
import { readConfig } from '@parley/runtime/main';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { registerHistory } from '@parley/schemas/registry/register';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { topicSpecs } from '@parley/streams/log/topics';
import type { Logger } from 'pino';
import { config, type SetupConfig } from './config.ts';

const environment = { clock: systemClock, timers: systemTimers };

async function makeTopics(settings: SetupConfig, logger: Logger): Promise<void> {
  const log = await KafkaLog.connect({
    brokers: settings.PARLEY_KAFKA_BROKERS,
    clientId: `parley-setup-${process.pid}`,
    replicationFactor: settings.PARLEY_KAFKA_REPLICATION,
    logger,
    ...environment,
  });
  try {
    await log.ensureTopics(topicSpecs(settings.PARLEY_PARTITIONS));
  } finally {
    await log.close();
  }
  logger.info({ partitions: settings.PARLEY_PARTITIONS }, 'topics are there');
}

async function makeTables(settings: SetupConfig, logger: Logger): Promise<void> {
  const connection = await connectCql({
    contactPoints: settings.PARLEY_CQL_CONTACT_POINTS,
    datacenter: settings.PARLEY_CQL_DATACENTER,
    ...environment,
  });
  try {
    await makeGenerations(connection, {
      keyspace: settings.PARLEY_CQL_KEYSPACE,
      datacenter: settings.PARLEY_CQL_DATACENTER,
      replicationFactor: settings.PARLEY_CQL_REPLICATION,
    });
  } finally {
    await connection.close();
  }
  logger.info({ keyspace: settings.PARLEY_CQL_KEYSPACE }, 'tables are there');
}

/** The tables of every generation that is written: those of one that was retired do not come back. */
async function makeGenerations(connection: CqlConnection, keyspace: CqlKeyspace): Promise<void> {
  await ensureControlSchema(connection.client, keyspace);
  const { write } = await new CqlPointerStore(connection, keyspace.keyspace).read();
  for (const generation of write) {
    const name = generationKeyspace(keyspace.keyspace, generation);
    await ensureCqlSchema(connection.client, { ...keyspace, keyspace: name });
  }
}

async function migrateDirectory(settings: SetupConfig, logger: Logger): Promise<void> {
  const directory = await openPostgresDirectory(settings.PARLEY_POSTGRES_URL, {
    migrate: true,
    onError: (error) => logger.warn({ err: error }, 'postgresql'),
  });
  await directory.close();
  logger.info('the directory is migrated');
}

async function registerSchemas(settings: SetupConfig, logger: Logger): Promise<void> {
  const registered = await registerHistory({ url: settings.PARLEY_REGISTRY_URL });
  logger.info({ schemas: registered.length }, 'schemas are registered');
}

async function setUp(settings: SetupConfig, logger: Logger): Promise<boolean> {
  const work = [makeTopics, makeTables, migrateDirectory, registerSchemas];
  const steps = await Promise.allSettled(work.map((step) => step(settings, logger)));
  for (const step of steps) {
    if (step.status === 'rejected') logger.error({ err: step.reason }, 'a step of the setup failed');
  }
  return steps.every((step) => step.status === 'fulfilled');
}

const settings = readConfig({ name: 'setup', config, unfit: unsafeInProduction });
if (settings !== null) {
  process.exitCode = (await setUp(settings, createLogger('setup', settings.PARLEY_LOG_LEVEL))) ? 0 : 1;
}
