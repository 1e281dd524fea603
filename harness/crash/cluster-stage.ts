/** Where crash tests of the cluster profile happen: services and processes of their own, to be killed one by one. */
import { join } from 'node:path';
import { NativeCluster, ownPorts } from '../services/cluster.ts';
import { repository } from '../test/program.ts';
import { ClusterWorld } from '../world/cluster-world.ts';
import { settingsOf } from '../world/services-in-use.ts';

export const clusterFolder = join(repository, 'var', 'crash-cluster');

export class ClusterStage {
  readonly folder = clusterFolder;
  readonly services: NativeCluster;
  readonly world: ClusterWorld;

  private constructor(services: NativeCluster, world: ClusterWorld) {
    this.services = services;
    this.world = world;
  }

  static async open(): Promise<ClusterStage> {
    const services = new NativeCluster(clusterFolder, await ownPorts());
    await services.down({ wipe: true }); // What an interrupted run may have left.
    try {
      await services.up();
      return new ClusterStage(services, await ClusterWorld.start(settingsOf(services)));
    } catch (error) {
      await services.down({ wipe: true });
      throw error;
    }
  }

  /** Starts again whatever a test that failed left dead. */
  async mend(): Promise<void> {
    await this.services.up();
    const { processes } = this.world;
    for (const name of processes.names) if (!processes.process(name).isRunning) await processes.start(name);
  }

  async close(): Promise<void> {
    try {
      await this.world.close();
    } finally {
      await this.services.down({ wipe: true });
    }
  }
}
