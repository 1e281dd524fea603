/**
 * What a message costs in a large group: it is stored once, and goes to every member who is online (a delivery, or frame, each).
 *
 * Embedded: the server has one core to itself and the generator the other, whose own use is part of the result.
 */
import { currentRules } from '@parley/streams/conversation/rules';
import { ThroughputWorld } from '../world/throughput.ts';
import type { Profile } from '../world/world.ts';
import { type Counters, counters } from './counters.ts';
import { runGenerator } from './generator-process.ts';
import type { GroupGeneratorOptions, GroupGeneratorResult } from './group-generator.ts';
import { machine, residentMb } from './process-usage.ts';

const drainMs = 20_000;
/** A run is shorter than the time for which a conversation remembers ids, and it remembers so many. */
const maxMessagesOfAGroup = currentRules.maxRecentDecisions;

export interface GroupOptions {
  readonly profile: Profile;
  readonly members: number;
  readonly online: number;
  /** With the same members; null: as few as their messages need. */
  readonly groups: number | null;
  /** Deliveries a second that are asked for: messages a second times those who get each. */
  readonly framesPerS: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly bodyBytes: number;
  readonly acknowledgeEveryMs: number;
  /** Live messages that a device may leave unacknowledged. */
  readonly liveWindow: number;
  readonly cpuProfileFolder: string | null;
}

export interface GroupResult {
  readonly profile: Profile;
  readonly members: number;
  readonly online: number;
  readonly groups: number;
  readonly messages_per_s: number;
  readonly seconds: number;
  readonly body_bytes: number;
  readonly acknowledge_every_ms: number;
  readonly live_window: number;
  /** Deliveries that were asked for, and that came, while messages were being sent and until all had come. */
  readonly asked_frames_per_s: number;
  readonly frames_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly by_catch_up: number;
  readonly without_verdict: number;
  readonly disconnects: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly server_cpu_s_per_frame: number;
  readonly server_cores: number;
  readonly generator_cores: number;
  readonly other_cores: number;
  readonly store_writes_per_message: number;
  readonly rss_mb: number;
  readonly set_up_s: number;
  readonly machine: ReturnType<typeof machine>;
}

interface Readings {
  start: (Counters & { readonly atMs: number }) | null;
  sent: Counters | null;
}

export async function benchGroup(options: GroupOptions): Promise<GroupResult> {
  const { profile, cpuProfileFolder, framesPerS, liveWindow, seconds, warmUpSeconds, online, ...load } = options;
  const pinned = profile === 'embedded';
  const env = { PARLEY_LIVE_WINDOW: String(liveWindow) };
  const world = await ThroughputWorld.start(profile, { cpu: pinned ? 0 : null, cpuProfileFolder, env });
  try {
    const { apiUrl, gatewayUrls } = world;
    const ratePerS = framesPerS / (online - 1);
    const groups = options.groups ?? Math.ceil((ratePerS * (seconds + warmUpSeconds)) / maxMessagesOfAGroup);
    const times = { seconds, warmUpSeconds, drainMs };
    const generatorOptions: GroupGeneratorOptions = {
      ...{ ...load, ...times, online, groups, ratePerS, apiUrl, gatewayUrls },
    };
    const readings: Readings = { start: null, sent: null };
    const result = await runGenerator<GroupGeneratorResult>(
      { program: 'group-generator.main.ts', options: generatorOptions, cpu: pinned ? 1 : null },
      async (phase) => {
        if (phase === 'measuring') readings.start = { ...(await counters(world)), atMs: performance.now() };
        else readings.sent = await counters(world);
      },
    );
    const { start, sent } = readings;
    if (start === null || sent === null) throw new Error('the generator measured nothing');
    const tookS = (performance.now() - start.atMs) / 1_000;
    return resultOf(
      { ...options, groups },
      result,
      { start, sent, end: await counters(world), tookS },
      residentMb(world.pids),
    );
  } finally {
    await world.close();
  }
}

interface Used {
  readonly start: Counters;
  readonly sent: Counters;
  readonly end: Counters;
  /** Until all had come. */
  readonly tookS: number;
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function resultOf(
  options: GroupOptions & { readonly groups: number },
  result: GroupGeneratorResult,
  used: Used,
  rssMb: number,
): GroupResult {
  const { start, sent, end, tookS } = used;
  const { profile, members, online, groups, framesPerS, seconds } = options;
  const frames = Math.max(1, result.delivered);
  const serverCores = (sent.cpuS - start.cpuS) / seconds;
  const machineCores = (sent.machineCpuS - start.machineCpuS) / seconds;
  return {
    ...{ profile, members, online, groups, messages_per_s: rounded(result.sent / seconds, 1), seconds },
    body_bytes: options.bodyBytes,
    acknowledge_every_ms: options.acknowledgeEveryMs,
    live_window: options.liveWindow,
    asked_frames_per_s: framesPerS,
    frames_per_s: Math.round(result.delivered / Math.max(seconds, tookS)),
    ...{ p50_ms: result.p50_ms, p99_ms: result.p99_ms, max_ms: result.max_ms },
    lost: result.lost,
    duplicated: result.duplicated,
    by_catch_up: result.by_catch_up,
    without_verdict: result.sent - result.accepted,
    disconnects: result.disconnects,
    refused: result.refused,
    server_cpu_s_per_frame: rounded((end.cpuS - start.cpuS) / frames, 9),
    server_cores: rounded(serverCores, 2),
    generator_cores: rounded(result.generatorCores, 2),
    other_cores: rounded(machineCores - serverCores - result.generatorCores, 2),
    store_writes_per_message: rounded((end.storeWrites - start.storeWrites) / Math.max(1, result.sent), 2),
    rss_mb: rssMb,
    set_up_s: rounded(result.setUpSeconds, 1),
    machine: machine(),
  };
}
