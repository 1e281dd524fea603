/** Opens a cell for reading, beside whatever runs on it; and for appending, where nobody else holds it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from '@parley/runtime/folder-lock.embedded';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { LmdbLog } from '@parley/streams/log/lmdb/lmdb-log';
import { openLmdbLogReader } from '@parley/streams/log/lmdb/log-reader';
import type { CheckpointStore, Log } from '@parley/streams/log/log';
import type { Logger } from 'pino';
import type { ReplayConfig } from '../config.ts';
import { CqlGenerationAccess } from '../generations/access.cql.ts';
import { EmbeddedGenerationAccess } from '../generations/access.embedded.ts';
import { openEmbeddedEvidence } from '../trace/evidence.embedded.ts';
import { openClusterEvidence } from '../trace/evidence.postgres.ts';
import type { Cell } from './cell.ts';
import { clusterDataKeys, embeddedDataKeys } from './data-keys.ts';

export interface CellEnvironment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

export async function openEmbeddedCell(dataDir: string, environment: CellEnvironment): Promise<Cell> {
  const path = join(dataDir, 'log');
  if (!existsSync(path))
    throw new ParleyError('not_found', { detail: `${dataDir} is not the folder of a standalone process` });
  const generations = new EmbeddedGenerationAccess(dataDir, environment.clock);
  const log = openLmdbLogReader(path, generations.checkpoints);
  const dataKeys = embeddedDataKeys(dataDir);
  let isReading = true;
  const stopReading = async (): Promise<void> => {
    if (isReading) await log.close();
    isReading = false;
  };
  return {
    profile: 'embedded',
    log,
    codec: new EventCodec(new EmbeddedSchemas()),
    dataKeys,
    async openWriter() {
      // One process opens an LMDB folder once: for reading or for writing.
      await stopReading();
      return openEmbeddedWriter(dataDir, path, environment);
    },
    openEvidence: () => openEmbeddedEvidence(dataDir),
    generations,
    async close() {
      await stopReading();
      await generations.close();
      await dataKeys.close();
    },
  };
}

async function openEmbeddedWriter(dataDir: string, path: string, environment: CellEnvironment): Promise<Log> {
  const lock = lockFolder(dataDir);
  if ('holder' in lock) {
    throw new ParleyError('unavailable', { detail: `${dataDir} is in use by process ${lock.holder}` });
  }
  const log = await LmdbLog.open({ path, checkpoints: forgottenCheckpoints(), ...environment });
  const close = log.close.bind(log);
  return Object.assign(log, {
    async close() {
      await close();
      lock.unlock();
    },
  });
}

/** A group of this process begins at the start each time: the offsets of the embedded profile belong to the projections. */
function forgottenCheckpoints(): CheckpointStore {
  const offsets = new Map<string, number>();
  const nameOf = (group: string, topic: string, partition: number): string => `${group}/${topic}/${partition}`;
  return {
    load: (...place) => offsets.get(nameOf(...place)) ?? null,
    save: async (group, topic, partition, nextOffset) => {
      offsets.set(nameOf(group, topic, partition), nextOffset);
    },
  };
}

export async function openClusterCell(settings: ReplayConfig, environment: CellEnvironment): Promise<Cell> {
  const codec = new EventCodec(await RegistrySchemas.connect({ url: settings.PARLEY_REGISTRY_URL }));
  const connect = (use: string): Promise<KafkaLog> =>
    KafkaLog.connect({
      brokers: settings.PARLEY_KAFKA_BROKERS,
      clientId: `parley-replay-${use}-${process.pid}`,
      replicationFactor: settings.PARLEY_KAFKA_REPLICATION,
      ...environment,
    });
  const log = await connect('reader');
  const generations = await CqlGenerationAccess.connect({
    contactPoints: settings.PARLEY_CQL_CONTACT_POINTS,
    datacenter: settings.PARLEY_CQL_DATACENTER,
    keyspace: settings.PARLEY_CQL_KEYSPACE,
    replicationFactor: settings.PARLEY_CQL_REPLICATION,
    onWarning: (warning) => environment.logger.warn({ warning }, 'cql'),
    ...environment,
  });
  const dataKeys = clusterDataKeys(settings.PARLEY_POSTGRES_URL, environment.logger);
  return {
    ...{ profile: 'cluster', log, codec, dataKeys, generations, openWriter: () => connect('writer') },
    openEvidence: () => openClusterEvidence(settings, environment.logger),
    async close() {
      await log.close();
      await generations.close();
      await dataKeys.close();
    },
  };
}
