/** A standalone Parley under test: one process with two gateways and a data folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../services/ports.ts';
import { AppProcess, type AppProcessOptions } from './app-process.ts';

export const appMain = (app: string): string =>
  fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));

/** A harness is many users behind one address, and sends as fast as it likes. */
export const harnessLimits: Readonly<Record<string, string>> = {
  NODE_ENV: 'test',
  PARLEY_DEV_CODES: 'true',
  PARLEY_DEV_TIMER_SECONDS: '4',
  PARLEY_MESSAGES_PER_MINUTE: '1000000',
  PARLEY_REGISTRATIONS_PER_HOUR: '1000000',
};

export type StandaloneOptions = Pick<AppProcessOptions, 'wrapper' | 'onLog' | 'onExit' | 'nodeArguments'> & {
  /** Instead of a temporary one of its own. */
  readonly dataDir?: string;
};

export class Standalone {
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly operationsUrl: string;
  readonly dataDir: string;
  /** All that it listens on. */
  readonly ports: readonly number[];
  readonly #options: Omit<StandaloneOptions, 'dataDir'>;
  #process: AppProcess | null = null;

  private constructor(ports: readonly number[], options: StandaloneOptions) {
    const { dataDir, ...rest } = options;
    this.ports = ports;
    this.#options = rest;
    const [api, gateway1, gateway2, operations] = ports;
    this.apiUrl = `http://127.0.0.1:${api}`;
    this.gatewayUrls = [`ws://127.0.0.1:${gateway1}`, `ws://127.0.0.1:${gateway2}`];
    this.operationsUrl = `http://127.0.0.1:${operations}`;
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), 'parley-'));
  }

  static async create(options: StandaloneOptions = {}): Promise<Standalone> {
    return new Standalone(await freePorts(4), options);
  }

  get process(): AppProcess {
    if (this.#process === null) throw new Error('standalone was not started');
    return this.#process;
  }

  /** Starts it, also again after an end of whatever kind: the data folder stays. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const [api, gateway1, gateway2, operations] = this.ports;
    this.#process = new AppProcess({
      name: 'standalone',
      main: appMain('standalone'),
      env: {
        PARLEY_DATA_DIR: this.dataDir,
        PARLEY_API_PORT: String(api),
        PARLEY_GATEWAY_PORTS: `${gateway1},${gateway2}`,
        PARLEY_OPERATIONS_PORT: String(operations),
        PARLEY_PARTITIONS: '12',
        ...harnessLimits,
        ...env,
      },
      ...this.#options,
    });
    await this.#process.start();
  }

  async close(): Promise<void> {
    await this.#process?.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
