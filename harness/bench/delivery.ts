/**
 * How fast messages reach their recipients: an open loop at a fixed rate, delivered receipts on.
 *
 * Embedded: the server has one core to itself and the generator the other. Cluster: everything shares the machine, the services too.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ThroughputWorld } from '../world/throughput.ts';
import type { Profile } from '../world/world.ts';
import type { GeneratorMessage, GeneratorOptions } from './generator.ts';
import type { MeasurementResult } from './measurement.ts';
import { cpuSeconds, machine, residentMb } from './process-usage.ts';
import { scrape } from './scrape.ts';

export interface DeliveryOptions {
  readonly profile: Profile;
  readonly ratePerS: number;
  readonly seconds: number;
  readonly pairs: number;
  readonly bodyBytes: number;
  readonly warmUpSeconds: number;
}

export interface DeliveryResult {
  readonly profile: Profile;
  readonly rate: number;
  readonly seconds: number;
  readonly delivered_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly receipts: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly server_cpu_s_per_message: number;
  readonly rss_mb: number;
  readonly store_writes_per_message: number;
  readonly machine: ReturnType<typeof machine>;
}

interface Counters {
  readonly cpuS: number;
  readonly storeWrites: number;
}

async function counters(world: ThroughputWorld): Promise<Counters> {
  return {
    cpuS: cpuSeconds(world.pids),
    storeWrites: await scrape(world.operationsUrls, 'parley_store_writes_total'),
  };
}

function runGenerator(
  options: GeneratorOptions,
  cpu: number | null,
  measuring: () => Promise<void>,
): Promise<MeasurementResult> {
  const program = fileURLToPath(new URL('./generator.main.ts', import.meta.url));
  const child = fork(program, [JSON.stringify(options)], {
    execArgv: ['--conditions=parley-source', '--import', 'tsx'],
    ...(cpu === null
      ? {}
      : {
          execPath: 'taskset',
          execArgv: ['-c', String(cpu), process.execPath, '--conditions=parley-source', '--import', 'tsx'],
        }),
  });
  return new Promise((resolve, reject) => {
    child.on('message', (message: GeneratorMessage) => {
      if (message.phase === 'measuring') measuring().catch(reject);
      else resolve(message.result);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the generator ended with ${code}`)));
  });
}

export async function benchDelivery(options: DeliveryOptions): Promise<DeliveryResult> {
  const pinned = options.profile === 'embedded';
  const world = await ThroughputWorld.start(options.profile, pinned ? 0 : null);
  try {
    let before: Counters | null = null;
    const result = await runGenerator(
      {
        apiUrl: world.apiUrl,
        gatewayUrls: world.gatewayUrls,
        ratePerS: options.ratePerS,
        seconds: options.seconds,
        warmUpSeconds: options.warmUpSeconds,
        pairs: options.pairs,
        bodyBytes: options.bodyBytes,
        drainMs: 20_000,
      },
      pinned ? 1 : null,
      async () => {
        before = await counters(world);
      },
    );
    const after = await counters(world);
    const start = before as Counters | null;
    if (start === null) throw new Error('the generator measured nothing');
    const perMessage = (value: number): number => Number((value / Math.max(1, result.sent)).toFixed(6));
    return {
      profile: options.profile,
      rate: options.ratePerS,
      seconds: options.seconds,
      delivered_per_s: Math.round(result.delivered / options.seconds),
      p50_ms: result.p50_ms,
      p99_ms: result.p99_ms,
      max_ms: result.max_ms,
      lost: result.lost,
      duplicated: result.duplicated,
      receipts: result.receipts,
      refused: result.refused,
      server_cpu_s_per_message: perMessage(after.cpuS - start.cpuS),
      rss_mb: residentMb(world.pids),
      store_writes_per_message: Number(perMessage(after.storeWrites - start.storeWrites).toFixed(2)),
      machine: machine(),
    };
  } finally {
    await world.close();
  }
}
