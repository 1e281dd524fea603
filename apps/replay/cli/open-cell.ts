/** Opens a cell for reading, beside whatever runs on it. */
import { join } from 'node:path';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { openLmdbLogReader } from '@parley/streams/log/lmdb/log-reader';
import type { Logger } from 'pino';
import type { ReplayConfig } from '../config.ts';
import type { Cell } from './cell.ts';

export interface CellEnvironment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

export async function openEmbeddedCell(dataDir: string): Promise<Cell> {
  const log = openLmdbLogReader(join(dataDir, 'log'));
  return { profile: 'embedded', log, codec: new EventCodec(new EmbeddedSchemas()), close: () => log.close() };
}

export async function openClusterCell(settings: ReplayConfig, environment: CellEnvironment): Promise<Cell> {
  const codec = new EventCodec(await RegistrySchemas.connect({ url: settings.PARLEY_REGISTRY_URL }));
  const log = await KafkaLog.connect({
    brokers: settings.PARLEY_KAFKA_BROKERS,
    clientId: `parley-replay-${process.pid}`,
    replicationFactor: settings.PARLEY_KAFKA_REPLICATION,
    ...environment,
  });
  return { profile: 'cluster', log, codec, close: () => log.close() };
}
