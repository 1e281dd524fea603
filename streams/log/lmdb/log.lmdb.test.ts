import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timers } from '@parley/schemas/environment/clock';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { pino } from 'pino';
import { MemoryCheckpoints } from '../contract/memory-checkpoints.ts';
import type { LogWorld } from '../contract/world.ts';
import { logContract } from '../log.contract.ts';
import { LmdbLog, type LmdbLogOptions } from './lmdb-log.ts';

const never: Timers = { after: () => ({ cancel: () => undefined }), every: () => ({ cancel: () => undefined }) };

async function makeWorld(): Promise<LogWorld> {
  const root = mkdtempSync(join(tmpdir(), 'parley-log-'));
  const checkpoints = new MemoryCheckpoints();
  const logger = pino({ level: 'silent' });
  const opened: LmdbLog[] = [];
  const openAt = async (folder: string, more: Partial<LmdbLogOptions> = {}): Promise<LmdbLog> => {
    const path = join(root, folder);
    const log = await LmdbLog.open({ path, clock: systemClock, timers: systemTimers, logger, checkpoints, ...more });
    opened.push(log);
    return log;
  };
  let log = await openAt('main');
  return {
    get log() {
      return log;
    },
    anotherReader: () => Promise.resolve(log),
    reopen: async () => {
      await log.close();
      log = await openAt('main');
      return log;
    },
    withLimits: (limits) => openAt('limited', { limits }),
    withoutTimers: () => openAt('untimed', { timers: never }),
    writerArguments: (topic) => ['lmdb', join(root, 'main'), topic],
    destroy: async () => {
      await Promise.all(opened.map((one) => one.close()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

logContract('the embedded log', makeWorld);
