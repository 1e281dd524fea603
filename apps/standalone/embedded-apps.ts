/** The apps of a cluster as parts of one process: gateways, processor, pusher and api, joined by calls instead of networks. */

import { createApi } from '@parley/api/api';
import { limitsFrom, senderFrom, settingsFrom } from '@parley/api/config';
import { IdentityNotices } from '@parley/api/identity-notices';
import { memoryLimits } from '@parley/api/limits';
import { Notices } from '@parley/api/notices';
import { createGateway, type Gateway } from '@parley/gateway/gateway';
import { defaultGatewaySettings } from '@parley/gateway/settings';
import { createProcessor, defaultProcessorSettings, type Processor } from '@parley/processor/processor';
import { CachedDataKeys } from '@parley/projections/data-keys/data-keys.cached';
import { AccessTokenIssuer, PublicKeyVerifier } from '@parley/projections/directory/access-tokens';
import { Accounts, restoreRevocations } from '@parley/projections/directory/accounts';
import { ContactHolders } from '@parley/projections/directory/contact-holders';
import { ConversationTimers } from '@parley/projections/directory/conversation-timers';
import { Groups } from '@parley/projections/directory/groups/groups';
import { Identities } from '@parley/projections/directory/identities';
import { Outbox } from '@parley/projections/directory/outbox/outbox';
import { OutboxRelay } from '@parley/projections/directory/outbox/relay';
import { CachedPrivacy } from '@parley/projections/directory/privacy.cached';
import { SqlPrivacy } from '@parley/projections/directory/privacy.sql';
import { CachedUserDirectory } from '@parley/projections/directory/users.cached';
import { SqlUserDirectory } from '@parley/projections/directory/users.sql';
import { MemoryMessageRateLimiter } from '@parley/projections/limits/limits.memory';
import { PrintProvider } from '@parley/pusher/provider.print';
import { createPusher, type Pusher } from '@parley/pusher/pusher';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { timersWith } from '@parley/streams/conversation/timers';
import { InProcessLink } from '@parley/streams/delivery/link.in-process';
import { Router } from '@parley/streams/delivery/router';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { StandaloneConfig } from './config.ts';
import type { EmbeddedStores } from './embedded-stores.ts';

export interface AppsOptions {
  readonly config: StandaloneConfig;
  readonly stores: EmbeddedStores;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface Apps {
  readonly gateways: readonly Gateway[];
  readonly processor: Processor;
  readonly pusher: Pusher;
  readonly api: ReturnType<typeof createApi>;
  readonly relay: OutboxRelay;
}

export async function createApps(options: AppsOptions): Promise<Apps> {
  const { config, stores, clock, timers, logger, metrics } = options;
  const { log, projections, sessions, presence } = stores;
  const codec = new EventCodec(new EmbeddedSchemas());
  const link = new InProcessLink(logger);
  const users = new CachedUserDirectory({ source: new SqlUserDirectory(stores.directory), clock });
  const privacy = new CachedPrivacy({ source: new SqlPrivacy({ database: stores.directory, clock }), clock });
  const verifier = new PublicKeyVerifier({ clock, publicKeyPems: [stores.keys.publicKeyPem] });
  const dataKeys = new CachedDataKeys({ source: stores.dataKeys, clock });
  const shared = { log, codec, projections, sessions, presence, dataKeys, clock, timers, metrics, logger };
  const limit = { limit: config.PARLEY_MESSAGES_PER_MINUTE, windowMs: 60_000 };
  const limiter = new MemoryMessageRateLimiter({ clock, limit });
  const gateways: Gateway[] = [];
  for (const [index] of config.PARLEY_GATEWAY_PORTS.entries()) {
    const gatewayId = `gateway-${index + 1}`;
    const gateway = await createGateway(
      {
        ...shared,
        revocations: sessions.revocations,
        members: projections.members,
        messages: projections.messageLookup,
        inbox: projections.inbox,
        receipts: projections.receipts,
        history: projections.history,
        users,
        privacy,
        link,
        tokens: verifier,
        limiter,
        pushJobs: new PushJobQueue({ log, codec, clock }),
        random: options.random,
      },
      {
        ...defaultGatewaySettings(gatewayId),
        host: config.PARLEY_GATEWAY_HOST,
        messagesPerMinute: config.PARLEY_MESSAGES_PER_MINUTE,
        timersSeconds: timersWith(config.PARLEY_DEV_TIMER_SECONDS),
        maxConnections: config.PARLEY_MAX_CONNECTIONS,
        liveWindow: config.PARLEY_LIVE_WINDOW,
      },
    );
    link.register(gatewayId, gateway.sink);
    gateways.push(gateway);
  }
  const processor = createProcessor(
    { ...shared, link, devices: users },
    { ...defaultProcessorSettings, missingLeaseGraceMs: 0 },
  );
  const pusher = createPusher({
    ...shared,
    recipients: users,
    watermarks: projections.receipts,
    inbox: projections.inboxLookup,
    provider: new PrintProvider(logger),
  });
  const outbox = new Outbox(stores.directory);
  const relay = new OutboxRelay({ outbox, log, codec, clock, timers, random: options.random, metrics, logger });
  return {
    gateways,
    processor,
    pusher,
    relay,
    api: await makeApi(options, verifier, link, relay, () => gateways.every((one) => one.isReady())),
  };
}

async function makeApi(
  options: AppsOptions,
  verifier: PublicKeyVerifier,
  link: InProcessLink,
  relay: OutboxRelay,
  isReady: () => boolean,
): Promise<Apps['api']> {
  const { config, stores, clock, logger, metrics } = options;
  const { sessions } = stores;
  const issuer = new AccessTokenIssuer({ clock, privateKeyPem: stores.keys.privateKeyPem });
  const database = stores.directory;
  const notices = new Notices({ router: new Router(sessions, link, metrics), logger, metrics });
  const identityNotices = new IdentityNotices({
    identities: new Identities({ database }),
    contacts: new ContactHolders({ database }),
    inbox: stores.projections.inbox,
    ...{ notices, logger, metrics },
  });
  const accounts = new Accounts({
    ...{ database, sessions, issuer, clock, random: options.random },
    devicesChanged: (userId) => identityNotices.changed(userId),
  });
  await restoreRevocations(accounts.devices, sessions, clock);
  return createApi(
    {
      accounts,
      groups: new Groups({ database, clock, random: options.random, secret: issuer.secretFor('invite links') }),
      conversationTimers: new ConversationTimers({
        ...{ database, clock },
        timersSeconds: timersWith(config.PARLEY_DEV_TIMER_SECONDS),
      }),
      relay,
      verifier,
      sessions,
      limits: memoryLimits(clock, limitsFrom(config)),
      sender: senderFrom(config, logger),
      notices,
      identityNotices,
      projections: async () => stores.projections,
      clock,
      isReady,
      logger,
      metrics,
    },
    settingsFrom(config),
  );
}
