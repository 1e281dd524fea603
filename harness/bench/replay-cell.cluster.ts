/** A cluster of the benchmark's own, without any process of Parley: the topics are made anew for every log. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { RegistrySchemas } from '@parley/schemas/registry/registry-schemas';
import { KafkaLog } from '@parley/streams/log/kafka/kafka-log';
import { topicSpecs, topics } from '@parley/streams/log/topics';
import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { replayOn } from '../generations/replay-command.ts';
import { NativeCluster, ownPorts } from '../services/cluster.ts';
import { until } from '../services/until.ts';
import { repository } from '../test/program.ts';
import { prepareCluster } from '../world/prepare-cluster.ts';
import { settingsOf } from '../world/services-in-use.ts';
import type { ReplayCell } from './replay-cell.ts';

const partitions = 12;
const said = [topics.messages, topics.receipts] as const;
const specs = topicSpecs(partitions).filter(({ topic }) => said.some((one) => one === topic));

export async function clusterReplayCell(): Promise<ReplayCell> {
  const folder = join(repository, 'var', 'replay-bench');
  const services = new NativeCluster(folder, await ownPorts());
  await services.down({ wipe: true }); // What an interrupted run may have left.
  const close = async (): Promise<void> => {
    await services.down({ wipe: true });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await services.up();
    return await opened(services, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function opened(services: NativeCluster, close: () => Promise<void>): Promise<ReplayCell> {
  const settings = settingsOf(services);
  const brokers = [services.kafka.address];
  await prepareCluster(settings);
  const connect = (): Promise<KafkaLog> =>
    KafkaLog.connect({
      ...{ brokers, clientId: 'parley-replay-bench', clock: systemClock, timers: systemTimers },
      logger: pino({ level: 'silent' }),
    });
  return {
    codec: new EventCodec(await RegistrySchemas.connect({ url: services.registry.address })),
    replay: replayOn(['--profile', 'cluster'], settings),
    empty: () => deleteTopics(brokers),
    async openWriter() {
      const log = await connect();
      await log.ensureTopics(specs);
      return log;
    },
    openReader: connect,
    close,
  };
}

async function deleteTopics(brokers: string[]): Promise<void> {
  const admin = new Kafka({ clientId: 'parley-replay-bench', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const there = async (): Promise<string[]> => {
      const names = await admin.listTopics();
      return said.filter((topic) => names.includes(topic));
    };
    await admin.deleteTopics({ topics: await there(), timeout: 30_000 });
    await until(async () => (await there()).length === 0, {
      what: 'topics that are gone',
      timeoutMs: 30_000,
      everyMs: 100,
    });
  } finally {
    await admin.disconnect();
  }
}
