/** What the server of a benchmark has used so far. */
import type { ThroughputWorld } from '../world/throughput.ts';
import { cpuSeconds, machineCpuSeconds } from './process-usage.ts';
import { scrape } from './scrape.ts';

export interface Counters {
  readonly cpuS: number;
  readonly machineCpuS: number;
  readonly storeWrites: number;
}

export async function counters(world: ThroughputWorld): Promise<Counters> {
  return {
    cpuS: cpuSeconds(world.pids),
    machineCpuS: machineCpuSeconds(),
    storeWrites: await scrape(world.operationsUrls, 'parley_store_writes_total'),
  };
}
