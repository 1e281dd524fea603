/** All of Parley in one process, with embedded adapters and a data folder: what `npm start` runs. */

import { configProblems } from '@parley/api/config';
import { ExpirySweeper } from '@parley/projections/expiry-sweeper';
import { processClock } from '@parley/runtime/clock';
import { type Running, runMain } from '@parley/runtime/main';
import { createMetrics, startOperations } from '@parley/runtime/operations';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Timers } from '@parley/schemas/environment/clock';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { startAuditFollower } from '@parley/streams/audit/audit-follower';
import type { Logger } from 'pino';
import { config, type StandaloneConfig } from './config.ts';
import { createApps } from './embedded-apps.ts';
import { type EmbeddedStores, openEmbeddedStores } from './embedded-stores.ts';

async function start(settings: StandaloneConfig, logger: Logger): Promise<Running> {
  const clock = processClock(settings.PARLEY_CLOCK_OFFSET_MS);
  const metrics = createMetrics('standalone');
  const environment = { clock, timers: systemTimers, random: systemRandom, logger, metrics };
  const stores = await openEmbeddedStores({
    ...environment,
    dataDir: settings.PARLEY_DATA_DIR,
    partitions: settings.PARLEY_PARTITIONS,
  });
  const { gateways, processor, pusher, relay, api } = await createApps({ ...environment, config: settings, stores });
  await processor.start();
  await pusher.start();
  relay.start();
  const sweepers = startSweepers(stores, environment);
  const audit = await startAuditFollower(
    { ...environment, log: stores.log, codec: new EventCodec(new EmbeddedSchemas()) },
    settings.PARLEY_AUDIT_SEAL_SECONDS,
  );
  for (const [index, port] of settings.PARLEY_GATEWAY_PORTS.entries()) await gateways[index]!.listen(port);
  await api.listen({ host: settings.PARLEY_API_HOST, port: settings.PARLEY_API_PORT });
  const operations = await startOperations({
    host: settings.PARLEY_OPERATIONS_HOST,
    port: settings.PARLEY_OPERATIONS_PORT,
    isReady: () => gateways.every((gateway) => gateway.isReady()),
    metrics,
  });
  logger.info({ api: settings.PARLEY_API_PORT, gateways: gateways.map((gateway) => gateway.port) }, 'listening');
  return {
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.drain()));
      await api.close();
      await relay.close();
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await processor.close();
      await pusher.close();
      await audit?.close();
      await operations.close();
      await Promise.all(sweepers.map((sweeper) => sweeper.close()));
      await stores.close();
    },
  };
}

/** LMDB has no TTL. */
function startSweepers(
  stores: EmbeddedStores,
  { timers, logger }: { timers: Timers; logger: Logger },
): ExpirySweeper[] {
  const sweepers = [
    new ExpirySweeper({ what: 'data keys', sweep: (limit) => stores.dataKeys.destroyDue(limit), timers, logger }),
    new ExpirySweeper({ what: 'rows', sweep: (limit) => stores.projections.sweepExpired(limit), timers, logger }),
  ];
  for (const sweeper of sweepers) sweeper.start();
  return sweepers;
}

runMain({ name: 'standalone', config, unfit: configProblems, stopTimeoutMs: 45_000, start });
