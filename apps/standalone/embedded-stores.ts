/**
 * The embedded adapters in one data folder: log, projections and directory on disk; sessions, leases and limits in memory.
 *
 * A lock file keeps a second process out: two would both believe that they own the log.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbDataKeys } from '@parley/projections/data-keys/data-keys.lmdb';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { openTokenKeys, type TokenKeys } from '@parley/projections/directory/token-keys';
import {
  type FollowedProjections,
  openEmbeddedGenerations,
} from '@parley/projections/generations/generations.embedded';
import { MemoryPresenceStore } from '@parley/projections/presence/store.memory';
import { MemorySessionStore } from '@parley/projections/sessions/store.memory';
import { ConfigError } from '@parley/runtime/config';
import { lockFolder } from '@parley/runtime/folder-lock.embedded';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { LmdbLog } from '@parley/streams/log/lmdb/lmdb-log';
import { topicSpecs } from '@parley/streams/log/topics';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

export interface EmbeddedStores {
  readonly log: LmdbLog;
  readonly projections: FollowedProjections;
  readonly directory: DirectoryDatabase;
  readonly sessions: MemorySessionStore;
  readonly presence: MemoryPresenceStore;
  readonly keys: TokenKeys;
  readonly dataKeys: LmdbDataKeys;
  close(): Promise<void>;
}

export interface EmbeddedStoresOptions {
  readonly dataDir: string;
  readonly partitions: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export async function openEmbeddedStores(options: EmbeddedStoresOptions): Promise<EmbeddedStores> {
  const { dataDir, clock, timers, random, logger, metrics } = options;
  mkdirSync(dataDir, { recursive: true });
  const unlock = holdFolder(dataDir);
  const projections = await openEmbeddedGenerations(dataDir, { clock, timers, logger, metrics });
  const log = await LmdbLog.open({
    path: join(dataDir, 'log'),
    clock,
    timers,
    logger,
    checkpoints: projections.checkpoints,
  });
  await log.ensureTopics(topicSpecs(options.partitions));
  const directory = await openEmbeddedDirectory(join(dataDir, 'directory'));
  const dataKeys = new LmdbDataKeys({ path: join(dataDir, 'data-keys'), clock, random });
  const sessions = new MemorySessionStore({ clock });
  const presence = new MemoryPresenceStore();
  return {
    log,
    projections,
    directory,
    sessions,
    presence,
    keys: openTokenKeys(dataDir),
    dataKeys,
    async close() {
      await log.close();
      await projections.close();
      await directory.close();
      await dataKeys.close();
      await sessions.close();
      await presence.close();
      unlock();
    },
  };
}

/** @throws ConfigError if a living process holds the folder */
function holdFolder(dataDir: string): () => void {
  const lock = lockFolder(dataDir);
  if ('unlock' in lock) return lock.unlock;
  throw new ConfigError([`PARLEY_DATA_DIR: ${dataDir} is in use by process ${lock.holder}`]);
}
