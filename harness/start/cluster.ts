/** `npm run start:cluster`: the services if they are not up, their setup, and Parley's processes in the foreground. */
import { join } from 'node:path';
import { NativeCluster } from '../services/cluster.ts';
import { composeStatus, composeUp, dockerEngineAnswers } from '../services/compose.ts';
import { setDefaultCompatibility } from '../services/registry.ts';
import { repository } from '../test/program.ts';
import { buildAll } from '../world/build.ts';
import { type ClusterApp, type ClusterPortNumbers, clusterMembers } from '../world/cluster-members.ts';
import { prepareCluster } from '../world/prepare-cluster.ts';
import { servicesInUse } from '../world/services-in-use.ts';
import { appMain } from '../world/standalone.ts';
import { developmentSecrets } from './development-secrets.ts';
import { Foreground } from './foreground.ts';
import { howToTry } from './how-to-try.ts';

const ports: ClusterPortNumbers = {
  api: 8080,
  gateways: [8081, 8082],
  deliveries: [8091, 8092],
  operations: [9090, 9091, 9092, 9093, 9094, 9095, 9096],
};

/** In the order of starting, and of stopping backwards: gateways leave while processors still serve what is under way. */
const groups: readonly (readonly ClusterApp[])[] = [['api'], ['processor', 'pusher'], ['gateway']];

/** Services that the environment names are somebody else's to start. */
const isGivenServices = process.env['PARLEY_KAFKA_BROKERS'] !== undefined;

async function servicesUp(): Promise<void> {
  const native = new NativeCluster(join(repository, 'var', 'cluster'));
  if (await dockerEngineAnswers()) {
    const states = await composeStatus();
    if (states.length > 0 && states.every(({ state }) => state === 'up')) return;
    await composeUp();
    await setDefaultCompatibility(native.registry.address);
  } else {
    await native.up((service, tookMs) => console.log(`${service.name} answers at ${service.address} (${tookMs} ms)`));
  }
}

console.log('building …');
await buildAll();
console.log('services …');
if (!isGivenServices) await servicesUp();
console.log('topics, tables, subjects, directory …');
const services = servicesInUse();
await prepareCluster(services);
const members = clusterMembers({
  services,
  ports,
  secrets: developmentSecrets(join(repository, 'var', 'development')),
  env: { NODE_ENV: 'development' },
}).filter(({ isSpare }) => !isSpare);
const foreground = new Foreground();
for (const apps of groups) {
  const group = members.filter(({ app }) => apps.includes(app));
  await foreground.start(
    group.map(({ name, app, env }) => ({ name, main: appMain(app), env: { ...process.env, ...env } })),
  );
}
console.log(
  howToTry({
    api: ports.api,
    gateways: ports.gateways,
    operations: members.map(({ operationsUrl }) => operationsUrl),
  }),
);
if (!isGivenServices) console.log('The services go on when Parley stops: npm run cluster:down ends them.');
