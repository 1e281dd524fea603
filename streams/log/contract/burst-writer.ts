/**
 * A process that appends as fast as the log takes it and prints `partition/offset/value` for every acknowledged record, until it
 * is killed: the victim of the durability contract.
 *
 *   burst-writer.ts lmdb FOLDER TOPIC ROUND
 *   burst-writer.ts kafka BROKERS TOPIC ROUND
 */
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { pino } from 'pino';
import { KafkaLog } from '../kafka/kafka-log.ts';
import { LmdbLog } from '../lmdb/lmdb-log.ts';
import type { Append, Log } from '../log.ts';
import { MemoryCheckpoints } from './memory-checkpoints.ts';

const [kind, where, topic, round] = process.argv.slice(2) as [string, string, string, string];
const logger = pino({ level: 'warn' }, pino.destination(2));

function open(): Promise<Log> {
  const common = { clock: systemClock, timers: systemTimers, logger };
  if (kind === 'lmdb') return LmdbLog.open({ ...common, path: where, checkpoints: new MemoryCheckpoints() });
  return KafkaLog.connect({ ...common, brokers: where.split(','), clientId: 'burst-writer' });
}

/** Prints itself when it is acknowledged, and not before: every line that the parent reads is a promise of the log. */
class Burst implements Append {
  readonly topic = topic;
  readonly key: string;
  readonly partitionKey = null;
  readonly value: Buffer;
  readonly timestampMs = systemClock.nowMs();
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
    this.key = name;
    this.value = Buffer.from(name.padEnd(200));
  }

  appended(partition: number, offset: number): void {
    process.stdout.write(`${partition}/${offset}/${this.name}\n`);
  }

  failed(error: Error): void {
    throw error;
  }
}

const log = await open();
for (let count = 0; ; ) {
  try {
    for (let many = 0; many < 50; many++) log.append(new Burst(`${round}-${count++}`));
  } catch (error) {
    if (!hasCode(error, 'queue_full')) throw error;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
