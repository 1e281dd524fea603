/** `cluster:up`, `cluster:down`, `cluster:status`: containers where a Docker engine answers, native processes otherwise. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { NativeCluster } from './cluster.ts';
import { composeDown, composeStatus, composeUp, dockerEngineAnswers } from './compose.ts';
import { setDefaultCompatibility } from './registry.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const cluster = new NativeCluster(join(repository, 'var', 'cluster'));

/** npm takes options that stand before its `--` for itself, and hands them on in the environment. */
const given = (option: boolean | undefined, name: string) => option ?? process.env[`npm_config_${name}`] === 'true';

async function up(): Promise<void> {
  if (await dockerEngineAnswers()) {
    await composeUp();
    await setDefaultCompatibility(cluster.registry.address);
  } else {
    await cluster.up((service, tookMs) => console.log(`${service.name} answers at ${service.address} (${tookMs} ms)`));
  }
  for (const [name, value] of Object.entries(cluster.environment())) console.log(`${name}=${value}`);
}

async function down(options: { wipe?: boolean }): Promise<void> {
  const wipe = given(options.wipe, 'wipe');
  if (await dockerEngineAnswers()) await composeDown({ wipe });
  await cluster.down({ wipe });
}

async function status(options: { json?: boolean }): Promise<void> {
  const container = await dockerEngineAnswers();
  const services = container ? await composeStatus() : await cluster.status();
  const ready = services.length > 0 && services.every((service) => service.state === 'up');
  if (given(options.json, 'json'))
    console.log(JSON.stringify({ mode: container ? 'docker' : 'native', ready, services }));
  else console.table(services);
  process.exitCode = ready ? 0 : 1;
}

const program = new Command('cluster').description('The services that a Parley cluster stands on');
program.command('up').description('start them all and wait until each answers').action(up);
program.command('down').description('stop them all').option('--wipe', 'remove their data too').action(down);
program.command('status').description('exit 0 if all answer').option('--json', 'one JSON object').action(status);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
