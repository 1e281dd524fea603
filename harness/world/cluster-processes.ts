/** The processes of Parley on a cluster: two gateways, two processors, an api and a pusher, each killed and started alone. */
import { freePorts } from '../services/ports.ts';
import { AppProcess, type LogLine } from './app-process.ts';
import { type ClusterMember, clusterMembers, makeSecrets, memberNames } from './cluster-members.ts';
import { type ServiceSettings, servicesInUse } from './services-in-use.ts';
import { appMain, harnessLimits } from './standalone.ts';

export interface ClusterProcessesOptions {
  readonly services?: ServiceSettings;
  /** Ports that others will listen on. */
  readonly taken?: readonly number[];
  readonly onLog?: (process: string, line: LogLine) => void;
  readonly onExit?: (process: string, how: number | NodeJS.Signals) => void;
  /** Further environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node itself, for every process. */
  readonly nodeArguments?: readonly string[];
}

export class ClusterProcesses {
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  /** Where processors deliver to each gateway. */
  readonly deliveryPorts: readonly number[];
  /** All that it listens on. */
  readonly ports: readonly number[];
  readonly #members: readonly ClusterMember[];
  readonly #options: ClusterProcessesOptions;
  readonly #processes = new Map<string, AppProcess>();

  private constructor(
    members: readonly ClusterMember[],
    urls: { api: string; gateways: readonly string[]; deliveryPorts: readonly number[]; ports: readonly number[] },
    options: ClusterProcessesOptions,
  ) {
    this.#members = members;
    this.#options = options;
    this.apiUrl = urls.api;
    this.gatewayUrls = urls.gateways;
    this.deliveryPorts = urls.deliveryPorts;
    this.ports = urls.ports;
  }

  static async create(options: ClusterProcessesOptions = {}): Promise<ClusterProcesses> {
    const numbers = await freePorts(5 + memberNames.length, options.taken);
    const [api, gateway1, gateway2, deliveries1, deliveries2, ...operations] = numbers as [
      ...[number, number, number, number, number],
      ...number[],
    ];
    const members = clusterMembers({
      services: options.services ?? servicesInUse(),
      ports: { api, gateways: [gateway1, gateway2], deliveries: [deliveries1, deliveries2], operations },
      secrets: makeSecrets(),
      env: { ...harnessLimits, ...options.env },
    });
    const gateways = [`ws://127.0.0.1:${gateway1}`, `ws://127.0.0.1:${gateway2}`];
    const deliveryPorts = [deliveries1, deliveries2];
    return new ClusterProcesses(
      members,
      { api: `http://127.0.0.1:${api}`, gateways, deliveryPorts, ports: numbers },
      options,
    );
  }

  /** Of all that `startAll` starts. */
  get names(): string[] {
    return this.#members.filter(({ isSpare }) => !isSpare).map(({ name }) => name);
  }

  get operationsUrls(): string[] {
    return this.#members.filter(({ isSpare }) => !isSpare).map(({ operationsUrl }) => operationsUrl);
  }

  get pids(): number[] {
    return [...this.#processes.values()].flatMap((process) => (process.pid === null ? [] : [process.pid]));
  }

  process(name: string): AppProcess {
    const process = this.#processes.get(name);
    if (process === undefined) throw new Error(`no process ${name}`);
    return process;
  }

  /** What its readiness probe says now; false also if it does not answer. */
  async isReady(name: string): Promise<boolean> {
    try {
      const response = await fetch(`${this.#member(name).operationsUrl}/readyz`, {
        signal: AbortSignal.timeout(2_000),
      });
      return response.status === 200;
    } catch {
      return false; // Nobody listens, or nobody answers in time.
    }
  }

  /** Starts one, also again after its end; further environment for this start alone. */
  async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const member = this.#member(name);
    const process = new AppProcess({
      name,
      main: appMain(member.app),
      env: { ...member.env, ...env },
      nodeArguments: this.#options.nodeArguments ?? [],
      onLog: (line) => this.#options.onLog?.(name, line),
      onExit: (how) => this.#options.onExit?.(name, how),
    });
    this.#processes.set(name, process);
    await process.start();
  }

  async startAll(env: Readonly<Record<string, string>> = {}): Promise<void> {
    // The api first: it brings the directory's schema up to date.
    await this.start('api', env);
    await Promise.all(this.names.filter((name) => name !== 'api').map((name) => this.start(name, env)));
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.kill()));
  }

  #member(name: string): ClusterMember {
    const member = this.#members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`no process ${name}`);
    return member;
  }
}
