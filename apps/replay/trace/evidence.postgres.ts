/** Evidence of a cluster: sessions in Redis and the directory in PostgreSQL, where the environment says where they are. */
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { SqlUserDirectory } from '@parley/projections/directory/users.sql';
import { connectRedis } from '@parley/projections/redis/connection';
import { RedisSessionStore } from '@parley/projections/sessions/store.redis';
import type { Logger } from 'pino';
import { devicesOfTheLog, type Evidence } from './evidence.ts';

export interface ClusterAddresses {
  readonly PARLEY_REDIS_URL?: string | undefined;
  readonly PARLEY_POSTGRES_URL?: string | undefined;
}

export async function openClusterEvidence(addresses: ClusterAddresses, logger: Logger): Promise<Evidence> {
  const { PARLEY_REDIS_URL: redisUrl, PARLEY_POSTGRES_URL: postgresUrl } = addresses;
  const onError = (error: Error): void => logger.warn({ err: error }, 'a connection was lost');
  const redis = redisUrl === undefined ? null : connectRedis({ url: redisUrl, clientName: 'parley-replay', onError });
  const sessions = redis === null ? null : new RedisSessionStore({ redis });
  const directory =
    postgresUrl === undefined ? null : await openPostgresDirectory(postgresUrl, { migrate: false, onError });
  const unread: string[] = [];
  if (sessions === null) unread.push('sessions: PARLEY_REDIS_URL is not set');
  if (directory === null) unread.push(`the directory (PARLEY_POSTGRES_URL is not set): ${devicesOfTheLog}`);
  return {
    sessions,
    devices: directory === null ? null : new SqlUserDirectory(directory),
    unread,
    async close() {
      await Promise.all([sessions?.close(), directory?.close()]);
    },
  };
}
