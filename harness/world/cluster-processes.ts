/** The processes of Parley on a cluster: two gateways, two processors, an api and a pusher, each killed and started alone. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { freePorts } from '../services/ports.ts';
import { AppProcess, type LogLine } from './app-process.ts';
import { type ServiceSettings, servicesInUse } from './services-in-use.ts';
import { appMain, harnessLimits } from './standalone.ts';

export type ClusterApp = 'api' | 'gateway' | 'processor' | 'pusher';

export interface ClusterProcessesOptions {
  readonly services?: ServiceSettings;
  readonly onLog?: (process: string, line: LogLine) => void;
  /** Further environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Member {
  readonly app: ClusterApp;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly operationsUrl: string;
}

export class ClusterProcesses {
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly #members: readonly Member[];
  readonly #options: ClusterProcessesOptions;
  readonly #processes = new Map<string, AppProcess>();

  private constructor(
    members: readonly Member[],
    urls: { api: string; gateways: readonly string[] },
    options: ClusterProcessesOptions,
  ) {
    this.#members = members;
    this.#options = options;
    this.apiUrl = urls.api;
    this.gatewayUrls = urls.gateways;
  }

  static async create(options: ClusterProcessesOptions = {}): Promise<ClusterProcesses> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const shared = {
      ...(options.services ?? servicesInUse()),
      ...harnessLimits,
      NODE_ENV: 'test',
      PARLEY_DELIVERY_SECRET: randomBytes(32).toString('hex'),
      PARLEY_TOKEN_PUBLIC_KEY: publicKey,
      PARLEY_OPERATIONS_HOST: '127.0.0.1',
      ...options.env,
    };
    const [api, gateway1, gateway2, sink1, sink2, ...operations] = await freePorts(11);
    const member = (app: ClusterApp, name: string, index: number, env: Record<string, string>): Member => ({
      app,
      name,
      env: { ...shared, ...env, PARLEY_OPERATIONS_PORT: String(operations[index]) },
      operationsUrl: `http://127.0.0.1:${operations[index]}`,
    });
    const gateway = (name: string, index: number, port: number, sink: number): Member =>
      member('gateway', name, index, {
        PARLEY_GATEWAY_HOST: '127.0.0.1',
        PARLEY_GATEWAY_PORT: String(port),
        PARLEY_DELIVERY_HOST: '127.0.0.1',
        PARLEY_DELIVERY_PORT: String(sink),
        PARLEY_DELIVERY_ADDRESS: `127.0.0.1:${sink}`,
      });
    const members = [
      member('api', 'api', 0, {
        PARLEY_API_HOST: '127.0.0.1',
        PARLEY_API_PORT: String(api),
        PARLEY_TOKEN_PRIVATE_KEY: privateKey,
      }),
      gateway('gateway-1', 1, gateway1!, sink1!),
      gateway('gateway-2', 2, gateway2!, sink2!),
      member('processor', 'processor-1', 3, {}),
      member('processor', 'processor-2', 4, {}),
      member('pusher', 'pusher', 5, {}),
    ];
    const gateways = [`ws://127.0.0.1:${gateway1}`, `ws://127.0.0.1:${gateway2}`];
    return new ClusterProcesses(members, { api: `http://127.0.0.1:${api}`, gateways }, options);
  }

  get names(): string[] {
    return this.#members.map((member) => member.name);
  }

  get operationsUrls(): string[] {
    return this.#members.map((member) => member.operationsUrl);
  }

  get pids(): number[] {
    return [...this.#processes.values()].flatMap((process) => (process.pid === null ? [] : [process.pid]));
  }

  process(name: string): AppProcess {
    const process = this.#processes.get(name);
    if (process === undefined) throw new Error(`no process ${name}`);
    return process;
  }

  /** Starts one, also again after its end; further environment for this start alone. */
  async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const member = this.#members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`no process ${name}`);
    const process = new AppProcess({
      name,
      main: appMain(member.app),
      env: { ...member.env, ...env },
      onLog: (line) => this.#options.onLog?.(name, line),
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
}
