/**
 * A process that fills its log until the disk is full, and prints what became of it: run with a limit on the size of files, which
 * fails writes as a full disk does.
 *
 *   sh -c 'ulimit -f 3000; exec node … full-disk-writer.fixture.ts FOLDER'
 */
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { pino } from 'pino';
import { appendAll } from '../append-all.ts';
import { MemoryCheckpoints } from '../contract/memory-checkpoints.ts';
import { readAll, request } from '../contract/world.ts';
import { LmdbLog } from './lmdb-log.ts';

const [path] = process.argv.slice(2) as [string];
const attempts = 60;

process.on('SIGXFSZ', () => undefined); // The limit would end the process; a full disk sends no signal.
const log = await LmdbLog.open({
  path,
  clock: systemClock,
  timers: systemTimers,
  logger: pino({ level: 'silent' }),
  checkpoints: new MemoryCheckpoints(),
});
await log.ensureTopics([{ topic: 'full', partitions: 1, retentionMs: null, compacted: false }]);
const acknowledged: string[] = [];
let refused = 0;
for (let attempt = 0; attempt < attempts; attempt++) {
  try {
    await appendAll(log, [request('full', String(attempt), 'x'.repeat(100_000))]);
    acknowledged.push(String(attempt));
  } catch (error) {
    if (!hasCode(error, 'log_unavailable')) throw error;
    refused += 1;
  }
}
const ready = log.isReady();
const stored = (await readAll(log, 'full', 0)).map(({ key }) => key?.toString());
await log.close();
console.log(JSON.stringify({ acknowledged, stored, refused, ready }));
