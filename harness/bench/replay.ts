/**
 * How fast the projections are derived from the log again, and that this grows with the events and not with the users.
 *
 * A log is written by the benchmark, and `replay rebuild` derives it as an operator would: a process of its own into a fresh generation. The
 * same log is made longer and derived again; then logs of the same length are made by more and more users. Of several attempts
 * the quickest counts: whatever else runs on the machine can only make one longer. What it is compared with is reading the same
 * records, as a rebuild reads them, without doing anything with them.
 */
import type { Profile } from '../world/world.ts';
import { exponentOf, type Growth, growthOf, isIndependent, isLinear } from './linear.ts';
import { childrenCpuSeconds, cpuSeconds, machine, machineCpuSeconds } from './process-usage.ts';
import { clusterReplayCell } from './replay-cell.cluster.ts';
import { embeddedReplayCell } from './replay-cell.embedded.ts';
import { appendAll, type ReplayCell, readAll } from './replay-cell.ts';
import { messageEveryMs, ReplayTalk } from './replay-talk.ts';

export interface ReplayOptions {
  readonly profile: Profile;
  /** Lengths of the log, said by `fixedUsers`. */
  readonly events: readonly number[];
  readonly fixedUsers: number;
  /** Numbers of users who say `fixedEvents`. */
  readonly users: readonly number[];
  readonly fixedEvents: number;
  /** For each of them. */
  readonly attempts: number;
}

export interface ReplayRun {
  readonly events: number;
  readonly users: number;
  /** In which anything was said. */
  readonly conversations: number;
  /** What the rebuild says that it brought in. */
  readonly rebuilt: number;
  readonly seconds: number;
  readonly events_per_s: number;
}

export interface ReplayResult {
  readonly profile: Profile;
  /** At the longest log. */
  readonly events_per_s: number;
  /** Records a second when the longest log is only read. */
  readonly read_per_s: number;
  /** How many times as long as reading it takes to derive. */
  readonly times_reading: number;
  readonly by_events: readonly ReplayRun[];
  readonly by_users: readonly ReplayRun[];
  readonly linear: {
    readonly in_events: boolean;
    readonly independent_of_users: boolean;
    readonly by_events: Growth;
    readonly users_exponent: number;
  };
  readonly attempts: number;
  /** Cores that everything but the benchmark and its commands used (a cluster's services; on a quiet machine else nothing). */
  readonly other_cores: number;
  readonly machine: ReturnType<typeof machine>;
}

type Tell = (line: string) => void;

/** The newest event is a while ago, whatever writing took. */
const agoMs = 3_600_000;
const generation = 'g2';
const readings = 3;

export async function benchReplay(options: ReplayOptions, tell: Tell): Promise<ReplayResult> {
  const startedMs = performance.now();
  const startedCpuS = { machine: machineCpuSeconds(), own: ownCpuSeconds() };
  const cell = options.profile === 'embedded' ? embeddedReplayCell() : await clusterReplayCell();
  try {
    const byEvents = await measureByEvents(cell, options, tell);
    const read = await quickestReading(cell);
    const byUsers = await measureByUsers(cell, options, tell);
    const seconds = (performance.now() - startedMs) / 1_000;
    const ownCpuS = ownCpuSeconds() - startedCpuS.own;
    const longest = byEvents.reduce((best, one) => (one.events > best.events ? one : best));
    const readPerS = Math.round(read.records / read.seconds);
    const growth = growthOf(byEvents.map((run) => ({ size: run.events, seconds: run.seconds })));
    const exponent = exponentOf(byUsers.map((run) => ({ size: run.users, seconds: run.seconds })));
    return {
      profile: options.profile,
      events_per_s: longest.events_per_s,
      read_per_s: readPerS,
      times_reading: Number((readPerS / longest.events_per_s).toFixed(1)),
      by_events: byEvents,
      by_users: byUsers,
      linear: {
        in_events: isLinear(growth),
        independent_of_users: isIndependent(exponent),
        by_events: growth,
        users_exponent: exponent,
      },
      attempts: options.attempts,
      other_cores: Number(((machineCpuSeconds() - startedCpuS.machine - ownCpuS) / seconds).toFixed(2)),
      machine: machine(),
    };
  } finally {
    await cell.close();
  }
}

const ownCpuSeconds = (): number => cpuSeconds([process.pid]) + childrenCpuSeconds();

function talkOf(cell: ReplayCell, users: number, mostEvents: number): ReplayTalk {
  // A message has at least one event with it.
  const startMs = Date.now() - agoMs - (mostEvents * messageEveryMs) / 2;
  return new ReplayTalk({ codec: cell.codec, users, startMs });
}

async function measureByEvents(cell: ReplayCell, options: ReplayOptions, tell: Tell): Promise<ReplayRun[]> {
  const sizes = [...options.events].sort((a, b) => a - b);
  const talk = talkOf(cell, options.fixedUsers, sizes.at(-1)!);
  await cell.empty();
  const runs: ReplayRun[] = [];
  let said = 0;
  for (const events of sizes) {
    await appendAll(cell, talk.say(events - said));
    said = events;
    runs.push(await quickestRebuild(cell, { events, users: options.fixedUsers }, talk, options.attempts, tell));
  }
  return runs;
}

async function measureByUsers(cell: ReplayCell, options: ReplayOptions, tell: Tell): Promise<ReplayRun[]> {
  const runs: ReplayRun[] = [];
  for (const users of options.users) {
    const talk = talkOf(cell, users, options.fixedEvents);
    await cell.empty();
    await appendAll(cell, talk.say(options.fixedEvents));
    runs.push(await quickestRebuild(cell, { events: options.fixedEvents, users }, talk, options.attempts, tell));
  }
  return runs;
}

async function quickestRebuild(
  cell: ReplayCell,
  of: { readonly events: number; readonly users: number },
  { conversations }: ReplayTalk,
  attempts: number,
  tell: Tell,
): Promise<ReplayRun> {
  let best: { readonly rebuilt: number; readonly seconds: number } | null = null;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { exitCode, summary } = await cell.replay('rebuild', '--generation', generation, '--restart');
    const [rebuilt, seconds] = [Number(summary['records']), Number(summary['seconds'])];
    if (exitCode !== 0 || !(seconds > 0)) throw new Error(`the rebuild failed: ${JSON.stringify(summary)}`);
    if (best === null || seconds < best.seconds) best = { rebuilt, seconds };
  }
  const run = { ...of, conversations, ...best!, events_per_s: Math.round(of.events / best!.seconds) };
  tell(`${of.events} events of ${of.users} users: ${run.seconds} s, ${run.events_per_s} a second`);
  return run;
}

/** The first is for compiling. */
async function quickestReading(cell: ReplayCell): Promise<{ readonly records: number; readonly seconds: number }> {
  const all = [];
  for (let reading = 0; reading < readings; reading++) all.push(await readAll(cell));
  return all.reduce((best, one) => (one.seconds < best.seconds ? one : best));
}
