/** The services that a cluster profile stands on: those that the environment names, else those of `cluster:up`. */
import { NativeCluster } from '../services/cluster.ts';

/** As the apps read it from their environment. */
export type ServiceSettings = Readonly<Record<string, string>>;

/** One node of everything, and twelve partitions: what a machine of a developer carries. */
const oneNode: ServiceSettings = {
  PARLEY_KAFKA_REPLICATION: '1',
  PARLEY_KAFKA_SESSION_TIMEOUT_MS: '6000',
  PARLEY_PARTITIONS: '12',
  PARLEY_CQL_REPLICATION: '1',
};

export function settingsOf(cluster: NativeCluster): ServiceSettings {
  return { ...oneNode, ...cluster.environment() };
}

/** What `npm test` provides, or a developer set, names services; the rest is where `cluster:up` puts them. */
export function servicesInUse(env: Readonly<Record<string, string | undefined>> = process.env): ServiceSettings {
  const settings = { ...settingsOf(new NativeCluster('/')) };
  for (const key of Object.keys(settings)) settings[key] = env[key] ?? settings[key]!;
  return settings;
}
