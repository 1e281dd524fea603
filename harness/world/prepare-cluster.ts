/** Brings the services of a cluster to where the apps can start: topics, tables, subjects. The same command as a deployment runs. */
import { run } from '../services/processes.ts';
import { type ServiceSettings, servicesInUse } from './services-in-use.ts';
import { appMain } from './standalone.ts';

export async function prepareCluster(services: ServiceSettings = servicesInUse()): Promise<void> {
  await run(process.execPath, [appMain('setup')], {
    env: { ...process.env, ...services, NODE_ENV: 'test' },
    timeoutMs: 180_000,
  });
}
