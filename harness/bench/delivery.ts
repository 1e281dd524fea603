/**
 * How fast messages reach their recipients: an open loop at a fixed rate, delivered receipts on.
 *
 * Embedded: the server has one core to itself and the generator the other. Cluster: everything shares the machine, the services too.
 */
import { ThroughputWorld } from '../world/throughput.ts';
import type { Profile } from '../world/world.ts';
import { type Counters, counters } from './counters.ts';
import type { GeneratorOptions, GeneratorResult } from './generator.ts';
import { runGenerator } from './generator-process.ts';
import { machine, residentMb } from './process-usage.ts';

/** How long the generator waits for what has not arrived when all is sent. */
const drainMs = 20_000;

export interface DeliveryOptions {
  readonly profile: Profile;
  readonly ratePerS: number;
  readonly seconds: number;
  readonly pairs: number;
  readonly bodyBytes: number;
  readonly warmUpSeconds: number;
  /** The processes of the server write CPU profiles there when they end. */
  readonly cpuProfileFolder: string | null;
}

export interface DeliveryResult {
  readonly profile: Profile;
  readonly rate: number;
  readonly seconds: number;
  readonly pairs: number;
  readonly body_bytes: number;
  readonly delivered_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly without_verdict: number;
  readonly receipts: number;
  readonly senders_without_receipt: number;
  readonly disconnects: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly server_cpu_s_per_message: number;
  /** Cores that the server used while messages were being sent. */
  readonly server_cores: number;
  readonly generator_cores: number;
  /** Cores that everything else on the machine used meanwhile (a cluster's services; on a quiet machine else nothing). */
  readonly other_cores: number;
  readonly rss_mb: number;
  readonly store_writes_per_message: number;
  readonly machine: ReturnType<typeof machine>;
}

/** The server's counters when sending began, when it ended, and when all had arrived. */
interface Readings {
  start: Counters | null;
  sent: Counters | null;
}

export async function benchDelivery(options: DeliveryOptions): Promise<DeliveryResult> {
  const { profile, cpuProfileFolder, ...load } = options;
  const pinned = profile === 'embedded';
  const world = await ThroughputWorld.start(profile, { cpu: pinned ? 0 : null, cpuProfileFolder, env: {} });
  try {
    const { apiUrl, gatewayUrls } = world;
    const readings: Readings = { start: null, sent: null };
    const generatorOptions: GeneratorOptions = { ...load, apiUrl, gatewayUrls, drainMs };
    const result = await runGenerator<GeneratorResult>(
      { program: 'generator.main.ts', options: generatorOptions, cpu: pinned ? 1 : null },
      async (phase) => {
        readings[phase === 'measuring' ? 'start' : 'sent'] = await counters(world);
      },
    );
    const { start, sent } = readings;
    if (start === null || sent === null) throw new Error('the generator measured nothing');
    return resultOf(options, result, { start, sent, end: await counters(world) }, residentMb(world.pids));
  } finally {
    await world.close();
  }
}

function resultOf(
  options: DeliveryOptions,
  result: GeneratorResult,
  { start, sent, end }: { start: Counters; sent: Counters; end: Counters },
  rssMb: number,
): DeliveryResult {
  const { profile, ratePerS, seconds, pairs, bodyBytes } = options;
  const messages = Math.max(1, result.sent);
  const serverCores = (sent.cpuS - start.cpuS) / seconds;
  return {
    profile,
    rate: ratePerS,
    seconds,
    pairs,
    body_bytes: bodyBytes,
    delivered_per_s: Math.round(result.delivered / seconds),
    p50_ms: result.p50_ms,
    p99_ms: result.p99_ms,
    max_ms: result.max_ms,
    lost: result.lost,
    duplicated: result.duplicated,
    without_verdict: result.withoutVerdict,
    receipts: result.receipts,
    senders_without_receipt: result.sendersWithoutReceipt,
    disconnects: result.disconnects,
    refused: result.refused,
    server_cpu_s_per_message: Number(((end.cpuS - start.cpuS) / messages).toFixed(6)),
    server_cores: Number(serverCores.toFixed(2)),
    generator_cores: Number(result.generatorCores.toFixed(2)),
    other_cores: Number(
      ((sent.machineCpuS - start.machineCpuS) / seconds - serverCores - result.generatorCores).toFixed(2),
    ),
    rss_mb: rssMb,
    store_writes_per_message: Number(((end.storeWrites - start.storeWrites) / messages).toFixed(2)),
    machine: machine(),
  };
}
