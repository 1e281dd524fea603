/** The clock of a process in a cluster, watched: its witnesses are Redis and the directory's database. */
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { serverTimeMs } from '@parley/projections/redis/connection';
import { ClockWatch, type ClockWatchOptions } from './clock-watch.ts';

export interface ClusterClockOptions extends Omit<ClockWatchOptions, 'witnesses'> {
  /** False where everything has travelled in time together, in tests. */
  readonly isChecked: boolean;
  readonly redis: Parameters<typeof serverTimeMs>[0];
  readonly directory: DirectoryDatabase;
}

/** Resolves after the first look at the clock; null where it is not checked. */
export async function watchClusterClock(options: ClusterClockOptions): Promise<ClockWatch | null> {
  const { isChecked, redis, directory, ...rest } = options;
  if (!isChecked) return null;
  const watch = new ClockWatch({
    ...rest,
    witnesses: [
      { name: 'redis', nowMs: () => serverTimeMs(redis) },
      { name: 'directory', nowMs: () => directory.serverTimeMs() },
    ],
  });
  await watch.start();
  return watch;
}
