/**
 * Benchmarks of a running Parley, each printing one JSON object as its last line.
 *
 *   npm run bench -- delivery --profile embedded --rate 5000 --seconds 30 --require-p99 200 --json
 *   npm run bench -- idle --connections 10000 --json
 *
 * The exit code is 0 only if nothing was lost, doubled or refused, receipts came, and what was required was reached.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { buildAll } from '../world/build.ts';
import type { Profile } from '../world/world.ts';
import { benchDelivery, type DeliveryResult } from './delivery.ts';
import { deliveryFaults, idleFaults, type Requirements } from './faults.ts';
import { benchIdle, type IdleResult } from './idle.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

/** Node compiles what is hot within seconds; on a cluster, four processes of it and two Java machines share the cores meanwhile. */
const warmUpSeconds: Readonly<Record<Profile, number>> = { embedded: 10, cluster: 45 };
const defaultWarmUps = `default: embedded ${warmUpSeconds.embedded}, cluster ${warmUpSeconds.cluster}`;

/** The result goes to stdout, as JSON or line by line; everything else to stderr. */
function conclude(result: DeliveryResult | IdleResult, faults: readonly string[], json: boolean): void {
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

// An exit, unlike a signal, takes along the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

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

await program.parseAsync();
