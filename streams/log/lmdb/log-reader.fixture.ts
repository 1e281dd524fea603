/** A process that has an embedded log and appends to it when it is told to: `log-reader.fixture.ts PATH TOPIC`. */
import { once } from 'node:events';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { pino } from 'pino';
import { appendAll } from '../append-all.ts';
import { MemoryCheckpoints } from '../contract/memory-checkpoints.ts';
import { LmdbLog } from './lmdb-log.ts';

const [path, topic] = process.argv.slice(2) as [string, string];
const environment = { clock: systemClock, timers: systemTimers, logger: pino({ level: 'silent' }) };
const log = await LmdbLog.open({ path, checkpoints: new MemoryCheckpoints(), ...environment });
await log.ensureTopics([{ topic, partitions: 2, retentionMs: null, compacted: false }]);
const append = (...values: string[]): Promise<unknown> =>
  appendAll(
    log,
    values.map((value) => ({ topic, key: value, value: Buffer.from(value), timestampMs: Date.now() })),
  );
await append('a', 'b', 'c');
console.log('first');
await once(process.stdin, 'data');
await append('d');
console.log('second');
for await (const _rest of process.stdin);
await append('e'); // It is still the owner: the log was not taken from it.
await log.close();
