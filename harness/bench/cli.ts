/**
 * Benchmarks of a running Parley, each printing one JSON object as its last line.
 *
 *   npm run bench -- delivery --profile embedded --rate 5000 --seconds 30 --require-p99 200 --json
 *   npm run bench -- group --members 1024 --json
 *   npm run bench -- idle --connections 10000 --json
 *   npm run bench -- replay --profile embedded --json
 *
 * The exit code is 0 only if nothing was lost, doubled or refused, receipts came, a rebuild grew with events alone, and what was required was
 * reached.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { processTree, signal } from '../services/processes.ts';
import { buildAll } from '../world/build.ts';
import type { Profile } from '../world/world.ts';
import { benchDelivery, type DeliveryResult } from './delivery.ts';
import { deliveryFaults, groupFaults, idleFaults, type Requirements, replayFaults } from './faults.ts';
import { benchGroup, type GroupResult } from './group.ts';
import { benchIdle, type IdleResult } from './idle.ts';
import { benchReplay, type ReplayResult } from './replay.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

const wholes =
  (least: number) =>
  (text: string): number[] => {
    const values = text.split(',').map(Number);
    if (values.length < least || values.some((value) => !Number.isSafeInteger(value) || value < 1))
      throw new InvalidArgumentError(`must be at least ${least} whole numbers, separated by commas`);
    return values;
  };

/** Node compiles what is hot within seconds; on a cluster, four processes of it and two Java machines share the cores meanwhile. */
const warmUpSeconds: Readonly<Record<Profile, number>> = { embedded: 10, cluster: 45 };
const defaultWarmUps = `default: embedded ${warmUpSeconds.embedded}, cluster ${warmUpSeconds.cluster}`;

/** The result goes to stdout, as JSON or line by line; everything else to stderr. */
function conclude(
  result: DeliveryResult | GroupResult | IdleResult | ReplayResult,
  faults: readonly string[],
  json: boolean,
): void {
  for (const fault of faults) console.error(`FAILED: ${fault}`);
  if (json) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name}: ${JSON.stringify(value)}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

interface DeliveryFlags extends Requirements {
  readonly profile: Profile;
  readonly rate: number;
  readonly seconds: number;
  readonly pairs: number;
  readonly bodyBytes: number;
  readonly warmUp?: number;
  readonly cpuProfile?: string;
  readonly json?: boolean;
}

/** Whatever runs was started by this process; services go into the background and would outlive it. */
function abandon(): never {
  for (const pid of processTree(process.pid).slice(1)) signal(pid, 'SIGKILL');
  process.exit(1);
}
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, abandon);

const program = new Command('bench').description('Benchmarks of Parley');

program
  .command('delivery')
  .description('latency and loss of messages between pairs of devices, at a fixed rate, with delivered receipts')
  .addOption(new Option('--profile <profile>', 'what runs').choices(['embedded', 'cluster']).default('embedded'))
  .option('--rate <n>', 'messages a second', positive, 500)
  .option('--seconds <n>', 'length of the measured part', positive, 20)
  .option('--warm-up <n>', `seconds before it, at a rate that rises to it (${defaultWarmUps})`, positive)
  .option('--pairs <n>', '1:1 conversations, each with two devices', positive, 100)
  .option('--body-bytes <n>', 'length of a message body', positive, 200)
  .option('--require-rate <n>', 'fail below so many delivered messages a second', positive)
  .option('--require-p99 <ms>', 'fail above this 99th percentile', positive)
  .option('--require-writes <n>', 'fail above so many store writes a message', positive)
  .option('--cpu-profile <folder>', 'let the processes of the server write CPU profiles there when they end')
  .option('--json', 'print one JSON object as the last line')
  .action(async (flags: DeliveryFlags) => {
    await buildAll();
    const { rate, warmUp, cpuProfile, ...rest } = flags;
    const result = await benchDelivery({
      ...rest,
      ratePerS: rate,
      warmUpSeconds: warmUp ?? warmUpSeconds[rest.profile],
      cpuProfileFolder: cpuProfile ?? null,
    });
    conclude(result, deliveryFaults(result, flags), flags.json === true);
  });

interface GroupFlags extends Requirements {
  readonly profile: Profile;
  readonly members: number;
  readonly online?: number;
  readonly groups?: number;
  readonly frames?: number;
  readonly seconds: number;
  readonly warmUp?: number;
  readonly bodyBytes: number;
  readonly acknowledgeEvery: number;
  readonly liveWindow: number;
  readonly cpuProfile?: string;
  readonly json?: boolean;
}

/** Deliveries a second; a cluster's share the machine with its services. */
const defaultFrames: Readonly<Record<Profile, number>> = { embedded: 1_000, cluster: 500 };

program
  .command('group')
  .description('deliveries of messages to the members of one large group who are online')
  .addOption(new Option('--profile <profile>', 'what runs').choices(['embedded', 'cluster']).default('embedded'))
  .option('--members <n>', 'of the group, at most 1024', positive, 1_024)
  .option('--online <n>', 'of them, each with one device (default: half)', positive)
  .option('--groups <n>', 'with the same members (default: as few as remember the ids of all messages)', positive)
  .option('--frames <n>', 'deliveries asked for in a second (default: embedded 1000, cluster 500)', positive)
  .option('--seconds <n>', 'length of the measured part', positive, 10)
  .option('--warm-up <n>', `seconds before it, at a rate that rises to it (${defaultWarmUps})`, positive)
  .option('--body-bytes <n>', 'length of a message body', positive, 200)
  .option('--acknowledge-every <ms>', 'a device says `delivered` at most so often', positive, 100)
  .option('--live-window <n>', 'messages that a device may leave unacknowledged (PARLEY_LIVE_WINDOW)', positive, 512)
  .option('--require-rate <n>', 'fail below so many deliveries a second', positive)
  .option('--require-p99 <ms>', 'fail above this 99th percentile', positive)
  .option('--cpu-profile <folder>', 'let the processes of the server write CPU profiles there when they end')
  .option('--json', 'print one JSON object as the last line')
  .action(async (flags: GroupFlags) => {
    await buildAll();
    const { profile, members, bodyBytes, liveWindow, seconds } = flags;
    const result = await benchGroup({
      ...{ profile, members, bodyBytes, liveWindow, seconds },
      online: flags.online ?? Math.ceil(members / 2),
      groups: flags.groups ?? null,
      framesPerS: flags.frames ?? defaultFrames[profile],
      warmUpSeconds: flags.warmUp ?? warmUpSeconds[profile],
      acknowledgeEveryMs: flags.acknowledgeEvery,
      cpuProfileFolder: flags.cpuProfile ?? null,
    });
    conclude(result, groupFaults(result, flags), flags.json === true);
  });

program
  .command('idle')
  .description('memory of an idle connection to an embedded gateway, in the process and in the kernel')
  .option('--connections <n>', 'how many are opened', positive, 10_000)
  .option('--require-bytes <n>', 'fail above so many bytes of the process for a connection', positive)
  .option('--json', 'print one JSON object as the last line')
  .action(async (flags: { connections: number; requireBytes?: number; json?: boolean }) => {
    await buildAll();
    const result = await benchIdle(flags.connections);
    conclude(result, idleFaults(result, flags.requireBytes), flags.json === true);
  });

interface ReplayFlags {
  readonly profile: Profile;
  readonly events?: readonly number[];
  readonly fixedUsers: number;
  readonly users?: readonly number[];
  readonly fixedEvents?: number;
  readonly attempts?: number;
  readonly requireRate?: number;
  readonly json?: boolean;
}

/** A cluster's rows go through a store on the same machine, and every attempt makes its tables anew. */
const replaySizes = {
  embedded: {
    events: [50_000, 100_000, 200_000, 400_000],
    users: [1_000, 4_000, 16_000],
    fixedEvents: 200_000,
    attempts: 3,
  },
  cluster: { events: [10_000, 20_000, 40_000], users: [250, 1_000, 4_000], fixedEvents: 20_000, attempts: 1 },
} as const;

program
  .command('replay')
  .description('how fast the projections are derived from the log again, by events and by users')
  .addOption(new Option('--profile <profile>', 'what it runs on').choices(['embedded', 'cluster']).default('embedded'))
  .option('--events <list>', 'lengths of the log, at least three', wholes(3))
  .option('--fixed-users <n>', 'users who say them', positive, 4_000)
  .option('--users <list>', 'numbers of users, at least two', wholes(2))
  .option('--fixed-events <n>', 'events that they say', positive)
  .option('--attempts <n>', 'for each, of which the quickest counts (default: embedded 3, cluster 1)', positive)
  .option('--require-rate <n>', 'fail below so many events a second', positive)
  .option('--json', 'print one JSON object as the last line')
  .action(async ({ profile, json, requireRate, ...flags }: ReplayFlags) => {
    await buildAll();
    const result = await benchReplay({ profile, ...replaySizes[profile], ...flags }, (line) => console.error(line));
    conclude(result, replayFaults(result, requireRate), json === true);
  });

await program.parseAsync();
