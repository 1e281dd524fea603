/** Evidence of the embedded profile: the directory, and only where nobody holds the folder, because it is PostgreSQL in one process. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { SqlUserDirectory } from '@parley/projections/directory/users.sql';
import { lockFolder } from '@parley/runtime/folder-lock.embedded';
import { devicesOfTheLog, type Evidence } from './evidence.ts';

const noSessions = 'sessions: they are in the memory of the standalone process';

export async function openEmbeddedEvidence(dataDir: string): Promise<Evidence> {
  const path = join(dataDir, 'directory');
  const lock = existsSync(path) ? lockFolder(dataDir) : null;
  if (lock === null || 'holder' in lock) {
    const why = lock === null ? 'there is none' : `process ${lock.holder} has it open`;
    const unread = [noSessions, `the directory (${why}): ${devicesOfTheLog}`];
    return { sessions: null, devices: null, unread, close: () => Promise.resolve() };
  }
  const directory = await openEmbeddedDirectory(path);
  return {
    sessions: null,
    devices: new SqlUserDirectory(directory),
    unread: [noSessions],
    async close() {
      await directory.close();
      lock.unlock();
    },
  };
}
