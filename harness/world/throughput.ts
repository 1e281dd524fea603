/** A running Parley for the benchmarks: addresses, processes and counters, with the server pinned to a core where asked. */
import { ClusterProcesses } from './cluster-processes.ts';
import { prepareCluster } from './prepare-cluster.ts';
import { Standalone } from './standalone.ts';
import type { Profile } from './world.ts';

interface Server {
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly operationsUrls: readonly string[];
  readonly pids: readonly number[];
  close(): Promise<void>;
}

export interface ThroughputOptions {
  /** The core that the embedded server is bound to. */
  readonly cpu: number | null;
  /** Where the processes of the server write CPU profiles when they end. */
  readonly cpuProfileFolder: string | null;
  /** Settings of the server beyond the harness's own. */
  readonly env: Readonly<Record<string, string>>;
}

export class ThroughputWorld implements Server {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(profile: Profile, options: ThroughputOptions): Promise<ThroughputWorld> {
    return new ThroughputWorld(profile === 'embedded' ? await embedded(options) : await cluster(options));
  }

  get apiUrl(): string {
    return this.#server.apiUrl;
  }

  get gatewayUrls(): readonly string[] {
    return this.#server.gatewayUrls;
  }

  get operationsUrls(): readonly string[] {
    return this.#server.operationsUrls;
  }

  /** Of Parley's own processes, not of the services. */
  get pids(): readonly number[] {
    return this.#server.pids;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

const profiling = (folder: string | null): string[] =>
  folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];

async function embedded({ cpu, cpuProfileFolder, env }: ThroughputOptions): Promise<Server> {
  const standalone = await Standalone.create({
    ...(cpu === null ? {} : { wrapper: ['taskset', '-c', String(cpu)] }),
    nodeArguments: profiling(cpuProfileFolder),
  });
  await standalone.start(env);
  return {
    apiUrl: standalone.apiUrl,
    gatewayUrls: standalone.gatewayUrls,
    operationsUrls: [standalone.operationsUrl],
    get pids() {
      return [standalone.process.pid!];
    },
    close: () => standalone.close(),
  };
}

async function cluster({ cpuProfileFolder, env }: ThroughputOptions): Promise<Server> {
  await prepareCluster();
  const processes = await ClusterProcesses.create({ nodeArguments: profiling(cpuProfileFolder), env });
  await processes.startAll();
  return {
    apiUrl: processes.apiUrl,
    gatewayUrls: processes.gatewayUrls,
    operationsUrls: processes.operationsUrls,
    get pids() {
      return processes.pids;
    },
    close: () => processes.stopAll(),
  };
}
