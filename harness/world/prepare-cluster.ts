/** Brings the services of a cluster to where the apps can start: topics, tables, subjects. The same command as a deployment runs. */
import { type ClusterPorts, defaultPorts } from '../services/cluster.ts';
import { run } from '../services/processes.ts';
import { serviceEnv } from './cluster-processes.ts';
import { appMain } from './standalone.ts';

export async function prepareCluster(services: ClusterPorts = defaultPorts): Promise<void> {
  await run(process.execPath, [appMain('setup')], {
    env: { ...process.env, ...serviceEnv(services), NODE_ENV: 'test' },
    timeoutMs: 180_000,
  });
}
