/** The relay of a cluster: a connection to Kafka of its own, under a name that an operator may grant directory events alone to. */
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { Outbox } from '@parley/projections/directory/outbox/outbox';
import { OutboxRelay } from '@parley/projections/directory/outbox/relay';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { OpenedRelay } from './relay-when-ready.ts';

export interface RelayOnKafkaOptions {
  readonly database: DirectoryDatabase;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly clientId: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly metrics: Registry;
  readonly logger: Logger;
}

/** @throws if the registry or the brokers do not answer */
export async function openRelayOnKafka(options: RelayOnKafkaOptions): Promise<OpenedRelay> {
  const { database, brokers, registryUrl, clientId, clock, timers, random, metrics, logger } = options;
  const codec = new EventCodec(await RegistrySchemas.connect({ url: registryUrl }));
  const log = await KafkaLog.connect({ brokers: [...brokers], clientId, clock, timers, logger });
  const outbox = new Outbox(database);
  const relay = new OutboxRelay({ outbox, log, codec, clock, timers, random, metrics, logger });
  return { relay, close: () => log.close() };
}
