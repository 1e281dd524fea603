import type { Timers } from '@parley/schemas/environment/clock';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { pino } from 'pino';
import type { LogWorld } from '../contract/world.ts';
import { logContract } from '../log.contract.ts';
import { KafkaLog, type KafkaLogOptions } from './kafka-log.ts';

const never: Timers = { after: () => ({ cancel: () => undefined }), every: () => ({ cancel: () => undefined }) };
const brokers = (process.env['PARLEY_KAFKA_BROKERS'] ?? '127.0.0.1:19092').split(',');

async function makeWorld(): Promise<LogWorld> {
  const opened: KafkaLog[] = [];
  const open = async (more: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> => {
    const log = await KafkaLog.connect({
      brokers,
      clientId: `log-test-${process.pid}`,
      clock: systemClock,
      timers: systemTimers,
      logger: pino({ level: process.env['PARLEY_TEST_LOG'] ?? 'silent' }),
      sessionTimeoutMs: 6_000,
      ...more,
    });
    opened.push(log);
    return log;
  };
  let log = await open();
  return {
    get log() {
      return log;
    },
    anotherReader: () => open(),
    reopen: async () => {
      await log.close();
      log = await open();
      return log;
    },
    withLimits: (limits) => open({ limits }),
    withoutTimers: () => open({ timers: never }),
    writerArguments: (topic) => ['kafka', brokers.join(','), topic],
    destroy: async () => {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}

logContract('the log on Kafka', makeWorld);
