/** `npm run generations -- --profile embedded|cluster [--json]`: swaps what is read while people chat (story.ts). */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { NativeCluster, ownPorts } from '../services/cluster.ts';
import { processTree, signal } from '../services/processes.ts';
import { repository } from '../test/program.ts';
import { buildAll } from '../world/build.ts';
import { ClusterWorld } from '../world/cluster-world.ts';
import { EmbeddedWorld } from '../world/embedded-world.ts';
import { settingsOf } from '../world/services-in-use.ts';
import type { Profile } from '../world/world.ts';
import { replayOn } from './replay-command.ts';
import { type Stage, swapUnderLoad } from './story.ts';

type OpenStage = Stage & { close(): Promise<void> };

const program = new Command('generations')
  .addOption(new Option('--profile <profile>', 'where').choices(['embedded', 'cluster']).default('embedded'))
  .option('--json', 'print one JSON object as the last line');
program.parse();
const { profile, json } = program.opts<{ profile: Profile; json?: boolean }>();
const say = (line: string): void => {
  if (json === true) console.error(line);
  else console.log(line);
};

const folder = join(repository, 'var', 'generations-cluster');

/** Whatever runs was started by this process. */
function abandon(): never {
  for (const pid of processTree(process.pid).slice(1)) signal(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, abandon);

async function embedded(): Promise<OpenStage> {
  const world = await EmbeddedWorld.start();
  const { standalone } = world;
  return {
    world,
    replay: replayOn(['--profile', 'embedded', '--data', standalone.dataDir], {}),
    crash: () => world.crashGateway(),
    close: () => world.close(),
  };
}

async function cluster(): Promise<OpenStage> {
  const services = new NativeCluster(folder, await ownPorts());
  await services.down({ wipe: true }); // What an interrupted run may have left.
  await services.up();
  const settings = settingsOf(services);
  const world = await ClusterWorld.start(settings);
  return {
    world,
    replay: replayOn(['--profile', 'cluster'], settings),
    async crash() {
      for (const name of ['processor-1', 'gateway-1']) {
        await world.processes.process(name).kill();
        await world.processes.start(name);
      }
    },
    async close() {
      await world.close();
      await services.down({ wipe: true });
    },
  };
}

await buildAll();
const stage = profile === 'embedded' ? await embedded() : await cluster();
let failed = 0;
let story: Readonly<Record<string, unknown>> = {};
try {
  story = { ...(await swapUnderLoad(stage, say)) };
} catch (error) {
  failed = 1;
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  for (const problem of stage.world.problems.slice(0, 20)) say(`logged: ${problem.slice(0, 500)}`);
} finally {
  await stage.close();
}
if (json === true) console.log(JSON.stringify({ profile, passed: 1 - failed, failed, ...story }));
else say(failed === 0 ? `ok: ${JSON.stringify(story)}` : 'FAILED');
process.exitCode = failed;
