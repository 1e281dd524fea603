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
  'lose_device_and_gateway',
  'gateway_clocks',
  'offset_gaps',
  'compaction',
  'leaderless_topic',
  'disk_full',
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
  /** The relay is of a release before system messages: never, always, or until the middle of the run. */
  readonly oldRelay: 'never' | 'always' | 'at_first';
  /** Records that no gateway of ours would append. */
  readonly hasIntruder: boolean;
  readonly clientSkewMs: number;
  /** A device is revoked on the way. */
  readonly hasRevocation: boolean;
  /** Users choose who may see their presence, before and on the way. */
  readonly hasPrivacy: boolean;
  /** Devices agree on keys, by commits that meet. */
  readonly hasMls: boolean;
  /** Groups get timers, so long that nothing disappears before the end of the run. */
  readonly hasTimers: boolean;
  /** In the end a single process on LMDB reads the log as well. */
  readonly isEmbedded: boolean;
}

/** As in production; smaller ones show with few conversations what many would do. */
const defaultWindow = 64;
const defaultMarks = 64;

/** Each part is drawn from a source of its own, so that one more part leaves the others of a seed as they were. */
export function drawPlan(random: SeededRandom, activeMs: number | null): Plan {
  const of = (part: string): SeededRandom => random.fork(part);
  const share = of('share').pick([0, 0.15, 0.3, 0.5]);
  const isSlow = of('limits').chance(0.15);
  const faults = new Set(faultNames.filter((name) => of(name).chance(share)));
  return {
    shape: {
      users: of('users').between(2, 5),
      mostDevices: of('devices').between(1, 3),
      gateways: of('gateways').between(1, 3),
      processors: of('processors').between(1, 2),
      pushers: of('pushers').between(1, 2),
      partitions: of('partitions').between(1, 4),
      messagesPerMinute: isSlow ? 30 : 100,
      liveWindow: smallAtTimes(of('window'), 2, 8, defaultWindow),
      maxMarks: smallAtTimes(of('marks'), 1, 3, defaultMarks),
    },
    activeMs: activeMs ?? of('length').between(90, 200) * 1_000,
    actEveryMs: of('pace').between(700, 4_000),
    groups: of('groups').between(0, 2),
    faults,
    faultEveryMs: of('faults').between(4_000, 20_000),
    sleepers: of('sleepers').pick([0, 0, 1, 2]),
    hasChanges: of('changes').chance(0.6),
    oldRelay: of('old relay').pick(['never', 'never', 'never', 'never', 'always', 'at_first']),
    hasIntruder: of('intruder').chance(0.5),
    // The list of revoked devices is kept where sessions are: who loses the one loses the other (declared).
    hasRevocation: !faults.has('redis_flushed') && of('revocation').chance(0.3),
    hasPrivacy: of('privacy').chance(0.5),
    // Where little may be sent, commits besides what people write would be a backlog that outlasts the run.
    hasMls: !isSlow && of('mls').chance(0.4),
    hasTimers: of('timers').chance(0.4),
    isEmbedded: of('embedded').chance(0.3),
    clientSkewMs: of('skew').chance(0.5) ? 60_000 : 0,
  };
}

function smallAtTimes(random: SeededRandom, least: number, most: number, ordinary: number): number {
  return random.chance(0.3) ? random.between(least, most) : ordinary;
}
