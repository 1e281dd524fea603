/** What is done to a cluster under load: kills, freezes, rebalances, wrong clocks. */
import { setTimeout as delay } from 'node:timers/promises';
import type { NativeService } from '../services/native-service.ts';
import { until } from '../services/until.ts';
import { RawClient } from '../world/raw-client.ts';
import type { ClusterStage } from './cluster-stage.ts';
import type { CrashTest } from './crash-test.ts';

const gatewayFrozenMs = 20_000;
/** Longer than the session timeout of its group: it wakes up as the owner of partitions that others have by then. */
const processorFrozenMs = 10_000;
const hourMs = 3_600_000;
/** Rule 16 says 1 s; the rest is for a machine that runs everything at once. */
const longestWaitMs = 5_000;

function killProcess(name: string): CrashTest<ClusterStage> {
  return {
    name: `kill-${name.replace(/-\d+$/, '')}`,
    async harm({ world }, load, downMs) {
      await world.processes.process(name).kill();
      load.fallSilent();
      await delay(downMs);
      await world.processes.start(name);
      return [];
    },
  };
}

function killService(name: string, serviceOf: (stage: ClusterStage) => NativeService): CrashTest<ClusterStage> {
  return {
    name: `kill-${name}`,
    async harm(stage, load, downMs) {
      await serviceOf(stage).kill();
      load.fallSilent();
      await delay(downMs);
      await serviceOf(stage).start();
      return [];
    },
  };
}

/** Rule 16: the partitions that serve devices of a frozen gateway go on for the others. */
const freezeGateway: CrashTest<ClusterStage> = {
  name: 'freeze-gateway',
  async harm({ world }, load) {
    const gateway = world.processes.process('gateway-1');
    gateway.pause();
    load.fallSilent();
    const fromMs = Date.now();
    await delay(gatewayFrozenMs);
    gateway.resume();
    const waitedMs = load.longestUntouchedWaitMs(fromMs, Date.now());
    if (waitedMs <= longestWaitMs) return [];
    return [`a message between devices of another gateway waited ${waitedMs} ms for its verdict`];
  },
};

/** Rule 10: a worker that wakes up after others took its partitions writes late, and changes nothing. */
const freezeProcessor: CrashTest<ClusterStage> = {
  name: 'freeze-processor',
  async harm({ world }, load) {
    const processor = world.processes.process('processor-1');
    processor.pause();
    load.fallSilent();
    await delay(processorFrozenMs);
    processor.resume();
    return [];
  },
};

/** A third processor takes partitions and gives them back, twice. */
const rebalance: CrashTest<ClusterStage> = {
  name: 'rebalance',
  async harm({ world }, load, downMs) {
    load.fallSilent();
    for (let round = 0; round < 2; round++) {
      await world.processes.start('processor-3');
      await delay(downMs);
      await world.processes.process('processor-3').stop();
      await delay(downMs);
    }
    return [];
  },
};

function wrongClock(name: string, offsetMs: number): CrashTest<ClusterStage> {
  return {
    name: `clock-${name}`,
    async harm({ world }, load, downMs) {
      const { processes } = world;
      await processes.process('gateway-1').stop();
      load.fallSilent();
      await processes.start('gateway-1', { PARLEY_CLOCK_OFFSET_MS: String(offsetMs) });
      const wrong = await refusesEverybody(world.gatewayUrls[0]!);
      await delay(downMs);
      if (await processes.isReady('gateway-1')) wrong.push('a gateway with a wrong clock says that it is ready');
      await processes.process('gateway-1').stop();
      await processes.start('gateway-1');
      await until(() => processes.isReady('gateway-1'), { what: 'readiness with the right clock', timeoutMs: 20_000 });
      const aheadMs = load.newestAtMs() - Date.now();
      if (aheadMs > 5_000) wrong.push(`a message lies ${aheadMs} ms in the future`);
      return wrong;
    },
  };
}

async function refusesEverybody(url: string): Promise<string[]> {
  const client = new RawClient(url, { protocols: ['parley.v1.avro'], headers: { authorization: 'Bearer none' } });
  await until(() => client.refusedStatus !== null || client.frames.length > 0, {
    what: 'an answer',
    timeoutMs: 10_000,
  });
  return client.refusedStatus === 503 ? [] : [`a gateway with a wrong clock answers ${client.refusedStatus}`];
}

export const clusterTests: readonly CrashTest<ClusterStage>[] = [
  killProcess('gateway-1'),
  killProcess('processor-1'),
  killService('kafka', ({ services }) => services.kafka),
  killService('cql', ({ services }) => services.cassandra),
  killService('redis', ({ services }) => services.redis),
  killService('postgres', ({ services }) => services.postgres),
  killService('registry', ({ services }) => services.registry),
  rebalance,
  freezeGateway,
  freezeProcessor,
  wrongClock('ahead', hourMs),
  wrongClock('behind', -hourMs),
];
