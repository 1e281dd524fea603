/** The API of a cluster: the directory on PostgreSQL, which it brings up to date, sessions and limits on Redis. */

import { SqlDataKeys } from '@parley/projections/data-keys/data-keys.sql';
import { AccessTokenIssuer, PublicKeyVerifier } from '@parley/projections/directory/access-tokens';
import { Accounts, restoreRevocations } from '@parley/projections/directory/accounts';
import { ContactHolders } from '@parley/projections/directory/contact-holders';
import { ConversationTimers } from '@parley/projections/directory/conversation-timers';
import { startGroupMembersServer } from '@parley/projections/directory/group-members/server.grpc';
import { Groups } from '@parley/projections/directory/groups/groups';
import { Identities } from '@parley/projections/directory/identities';
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { OperatorDesk } from '@parley/projections/directory/operator-desk';
import { tokenKeysFrom } from '@parley/projections/directory/token-keys';
import { ExpirySweeper } from '@parley/projections/expiry-sweeper';
import { openCqlGenerations } from '@parley/projections/generations/generations.cql';
import { connectRedis } from '@parley/projections/redis/connection';
import { RedisSessionStore } from '@parley/projections/sessions/store.redis';
import { processClock } from '@parley/runtime/clock';
import { type Running, runMain } from '@parley/runtime/main';
import { createMetrics, startOperations } from '@parley/runtime/operations';
import type { Clock } from '@parley/schemas/environment/clock';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { timersWith } from '@parley/streams/conversation/timers';
import { deliverySecret } from '@parley/streams/delivery/delivery-token';
import { GrpcLink } from '@parley/streams/delivery/link.grpc';
import { Router } from '@parley/streams/delivery/router';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { createAdminApi } from './admin/admin.ts';
import { adminProblems, operatorsFrom } from './admin/config.ts';
import { Operators } from './admin/operators.ts';
import { createApi } from './api.ts';
import { config, configProblems, limitsFrom, senderFrom, settingsFrom } from './config.ts';
import { IdentityNotices } from './identity-notices.ts';
import { redisLimits } from './limits.ts';
import { Notices } from './notices.ts';
import { openRelayOnKafka } from './open-relay.kafka.ts';
import { ProjectionsWhenNeeded } from './projections-when-needed.ts';
import { Readiness } from './readiness.ts';
import { RelayWhenReady } from './relay-when-ready.ts';

const revocationIntervalMs = 60_000;

function projectionsOf(values: z.infer<typeof config>, clock: Clock, logger: Logger, metrics: Registry) {
  return new ProjectionsWhenNeeded(() =>
    openCqlGenerations({
      contactPoints: values.PARLEY_CQL_CONTACT_POINTS,
      datacenter: values.PARLEY_CQL_DATACENTER,
      keyspace: values.PARLEY_CQL_KEYSPACE,
      ...{ clock, timers: systemTimers, metrics, logger },
    }),
  );
}

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
  const link = new GrpcLink({
    ...{ clock, timers: systemTimers, random: systemRandom, metrics, logger },
    secret: deliverySecret(values.PARLEY_DELIVERY_SECRET),
  });
  const router = new Router(sessions, link, metrics);
  const notices = new Notices({ router, logger, metrics });
  const projections = projectionsOf(values, clock, logger, metrics);
  const identityNotices = new IdentityNotices({
    identities: new Identities({ database }),
    contacts: new ContactHolders({ database }),
    inbox: { list: async (userId, page) => (await projections.get()).inbox.list(userId, page) },
    ...{ notices, logger, metrics },
  });
  const accounts = new Accounts({
    ...{ database, sessions, issuer, clock, random: systemRandom },
    devicesChanged: (userId) => identityNotices.changed(userId),
  });
  const groups = new Groups({ database, clock, random: systemRandom, secret: issuer.secretFor('invite links') });
  const relay = new RelayWhenReady({
    open: () =>
      openRelayOnKafka({
        ...{ database, clock, timers: systemTimers, random: systemRandom, metrics, logger },
        brokers: values.PARLEY_KAFKA_BROKERS,
        registryUrl: values.PARLEY_REGISTRY_URL,
        clientId: `parley-relay-${process.pid}`,
      }),
    ...{ timers: systemTimers, logger },
  });
  const probes = { directory: () => database.ping(), sessions: () => sessions.isRevoked('probe') };
  const readiness = new Readiness({ probes, timers: systemTimers, logger });
  const app = createApi(
    {
      accounts,
      groups,
      conversationTimers: new ConversationTimers({
        ...{ database, clock },
        timersSeconds: timersWith(values.PARLEY_DEV_TIMER_SECONDS),
      }),
      relay,
      verifier: new PublicKeyVerifier({ clock, publicKeyPems: [keys.publicKeyPem] }),
      sessions,
      limits: redisLimits(redis, limitsFrom(values)),
      sender: senderFrom(values, logger),
      notices,
      identityNotices,
      projections: () => projections.get(),
      isReady: () => readiness.isReady,
      clock,
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
  relay.start();
  const dataKeys = new SqlDataKeys({ database, clock, random: systemRandom });
  const sweeper = new ExpirySweeper({
    ...{ what: 'data keys', timers: systemTimers, logger },
    sweep: (limit) => dataKeys.destroyDue(limit),
  });
  sweeper.start();
  const groupMembers = await startGroupMembersServer({
    host: values.PARLEY_GROUP_MEMBERS_HOST,
    port: values.PARLEY_GROUP_MEMBERS_PORT,
    secret: deliverySecret(values.PARLEY_DELIVERY_SECRET),
    ...{ reading: groups.reading, clock, logger },
  });
  const operations = await startOperations({
    host: values.PARLEY_OPERATIONS_HOST,
    port: values.PARLEY_OPERATIONS_PORT,
    isReady: () => readiness.isReady,
    metrics,
  });
  await app.listen({ host: values.PARLEY_API_HOST, port: values.PARLEY_API_PORT });
  const admin =
    values.PARLEY_ADMIN_PORT === 0
      ? null
      : createAdminApi({
          ...{ accounts, logger },
          operators: new Operators(operatorsFrom(values)),
          desk: new OperatorDesk({ database, clock, random: systemRandom }),
          states: async () => (await projections.get()).foldState,
        });
  await admin?.listen({ host: values.PARLEY_ADMIN_HOST, port: values.PARLEY_ADMIN_PORT });
  return {
    stop: async () => {
      readiness.drain();
      restoring.cancel();
      await app.close();
      await admin?.close();
      await groupMembers.close();
      await relay.close();
      await sweeper.close();
      await identityNotices.idle();
      await link.close();
      await projections.close();
      await operations.close();
      await database.close();
      await sessions.close();
    },
  };
}

runMain({
  name: 'api',
  config,
  unfit: (values) => [...configProblems(values), ...adminProblems(values)],
  stopTimeoutMs: 15_000,
  start,
});
