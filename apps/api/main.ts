/** The API of a cluster: the directory on PostgreSQL, which it brings up to date, sessions and limits on Redis. */
import { AccessTokenIssuer, PublicKeyVerifier } from '@parley/projections/directory/access-tokens';
import { Accounts, restoreRevocations } from '@parley/projections/directory/accounts';
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { tokenKeysFrom } from '@parley/projections/directory/token-keys';
import { connectRedis } from '@parley/projections/redis/connection';
import { RedisSessionStore } from '@parley/projections/sessions/store.redis';
import { processClock } from '@parley/runtime/clock';
import { type Running, runMain } from '@parley/runtime/main';
import { createMetrics, startOperations } from '@parley/runtime/operations';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { deliverySecret } from '@parley/streams/delivery/delivery-token';
import { GrpcLink } from '@parley/streams/delivery/link.grpc';
import { Router } from '@parley/streams/delivery/router';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { createApi } from './api.ts';
import { config, configProblems, limitsFrom, senderFrom, settingsFrom } from './config.ts';
import { redisLimits } from './limits.ts';
import { Notices } from './notices.ts';
import { Readiness } from './readiness.ts';

const revocationIntervalMs = 60_000;

async function start(values: z.infer<typeof config>, logger: Logger): Promise<Running> {
  const clock = processClock(values.PARLEY_CLOCK_OFFSET_MS);
  const metrics = createMetrics('api');
  const redis = connectRedis({
    url: values.PARLEY_REDIS_URL,
    clientName: 'parley-api',
    onError: (error) => logger.warn({ err: error }, 'redis'),
  });
  const sessions = new RedisSessionStore({ redis });
  const database = await openPostgresDirectory(values.PARLEY_POSTGRES_URL, {
    migrate: true,
    onError: (error) => logger.warn({ err: error }, 'postgresql'),
  });
  const keys = tokenKeysFrom(values.PARLEY_TOKEN_PRIVATE_KEY);
  const issuer = new AccessTokenIssuer({ clock, privateKeyPem: keys.privateKeyPem });
  const accounts = new Accounts({ database, sessions, issuer, clock, random: systemRandom });
  const link = new GrpcLink({
    ...{ clock, timers: systemTimers, random: systemRandom, metrics, logger },
    secret: deliverySecret(values.PARLEY_DELIVERY_SECRET),
  });
  const router = new Router(sessions, link, metrics);
  const probes = { directory: () => database.ping(), sessions: () => sessions.isRevoked('probe') };
  const readiness = new Readiness({ probes, timers: systemTimers, logger });
  const app = createApi(
    {
      accounts,
      verifier: new PublicKeyVerifier({ clock, publicKeyPems: [keys.publicKeyPem] }),
      sessions,
      limits: redisLimits(redis, limitsFrom(values)),
      sender: senderFrom(values, logger),
      notices: new Notices({ router, logger, metrics }),
      isReady: () => readiness.isReady,
      logger,
      metrics,
    },
    settingsFrom(values),
  );
  const restore = (): void => {
    restoreRevocations(accounts.devices, sessions, clock).catch((error: unknown) =>
      logger.warn({ err: error }, 'revocations could not be written again'),
    );
  };
  restore();
  const restoring = systemTimers.every(revocationIntervalMs, restore);
  await readiness.start();
  const operations = await startOperations({
    host: values.PARLEY_OPERATIONS_HOST,
    port: values.PARLEY_OPERATIONS_PORT,
    isReady: () => readiness.isReady,
    metrics,
  });
  await app.listen({ host: values.PARLEY_API_HOST, port: values.PARLEY_API_PORT });
  return {
    stop: async () => {
      readiness.drain();
      restoring.cancel();
      await app.close();
      await link.close();
      await operations.close();
      await database.close();
      await sessions.close();
    },
  };
}

runMain({ name: 'api', config, unfit: configProblems, stopTimeoutMs: 15_000, start });
