/**
 * What a seed's run is made of: how large its world is, what its people do, and which faults befall it.
 *
 * Each seed turns a random subset of the faults on (a swarm): a world in which everything fails all the time tests less than many in
 * which a few things do.
 */
import type { SeededRandom } from './environment/seeded-random.ts';
import type { WorldShape } from './world.ts';

export const faultNames = [
  'crash_gateway',
  'crash_processor',
  'crash_pusher',
  'freeze_gateway',
  'freeze_processor',
  'zombie_processor',
  'rebalance',
  'rolling_stop',
  'cql_errors',
  'cql_slow',
  'cql_down',
  'log_errors',
  'log_slow',
  'log_down',
  'redis_errors',
  'redis_down',
  'redis_flushed',
  'directory_errors',
  'cut_devices',
  'stall_devices',
  'cut_deliveries',
  'stall_deliveries',
  'slow_devices',
  'gateway_clocks',
  'offset_gaps',
  'compaction',
] as const;

export type FaultName = (typeof faultNames)[number];

export interface Plan {
  readonly shape: WorldShape;
  /** How long people act and faults happen. */
  readonly activeMs: number;
  /** Mean time between two acts of a device. */
  readonly actEveryMs: number;
  readonly groups: number;
  readonly faults: ReadonlySet<FaultName>;
  /** Mean time between two faults. */
  readonly faultEveryMs: number;
  /** Devices that are not brought online at the end. */
  readonly sleepers: number;
  /** Members come and go. */
  readonly hasChanges: boolean;
  /** Records that no gateway of ours would append. */
  readonly hasIntruder: boolean;
  readonly clientSkewMs: number;
}

const defaultWindow = 64;

export function drawPlan(random: SeededRandom, activeMs: number | null): Plan {
  const share = random.pick([0, 0.15, 0.3, 0.5]);
  const faults = new Set(faultNames.filter(() => random.chance(share)));
  return {
    shape: {
      users: random.between(2, 5),
      mostDevices: random.between(1, 3),
      gateways: random.between(1, 3),
      processors: random.between(1, 2),
      pushers: random.between(1, 2),
      partitions: random.between(1, 4),
      liveWindow: random.chance(0.3) ? random.between(2, 8) : defaultWindow,
    },
    activeMs: activeMs ?? random.between(90, 200) * 1_000,
    actEveryMs: random.between(700, 4_000),
    groups: random.between(0, 2),
    faults,
    faultEveryMs: random.between(4_000, 20_000),
    sleepers: random.pick([0, 0, 1, 2]),
    hasChanges: random.chance(0.6),
    hasIntruder: random.chance(0.5),
    clientSkewMs: random.chance(0.5) ? 60_000 : 0,
  };
}
