/** The cluster profile as a world: the services must be up, the processes of Parley are its own. */
import { BaseWorld } from './base-world.ts';
import { ClusterProcesses } from './cluster-processes.ts';
import { prepareCluster } from './prepare-cluster.ts';
import { type ServiceSettings, servicesInUse } from './services-in-use.ts';
import type { World } from './world.ts';

export class ClusterWorld extends BaseWorld implements World {
  readonly profile = 'cluster';
  #processes: ClusterProcesses | null = null;

  static async start(services: ServiceSettings = servicesInUse()): Promise<ClusterWorld> {
    const world = new ClusterWorld();
    await prepareCluster(services);
    world.#processes = await ClusterProcesses.create({
      services,
      onLog: (process, line) => world.observations.take(process, line),
    });
    await world.processes.startAll();
    return world;
  }

  get processes(): ClusterProcesses {
    if (this.#processes === null) throw new Error('the world was not started');
    return this.#processes;
  }

  get apiUrl(): string {
    return this.processes.apiUrl;
  }

  get gatewayUrls(): readonly string[] {
    return this.processes.gatewayUrls;
  }

  async crashGateway(index: number): Promise<void> {
    const name = `gateway-${index + 1}`;
    await this.processes.process(name).kill();
    await this.processes.start(name);
  }

  async crashApi(): Promise<void> {
    await this.processes.process('api').kill();
    await this.processes.start('api');
  }

  async travel(clockOffsetMs: number): Promise<void> {
    await this.processes.stopAll();
    await this.processes.startAll({
      PARLEY_CLOCK_OFFSET_MS: String(clockOffsetMs),
      PARLEY_CLOCK_CHECK: 'false',
    });
  }

  async close(): Promise<void> {
    await this.dismiss();
    await this.processes.stopAll();
  }
}
