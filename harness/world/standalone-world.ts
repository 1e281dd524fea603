/** The embedded profile under test: one process with two gateways and a data folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../services/ports.ts';
import { AppProcess, type LogLine } from './app-process.ts';

export const appMain = (app: string): string => fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));

export interface StandaloneOptions {
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onLog?: (line: LogLine) => void;
}

export interface Standalone {
  readonly process: AppProcess;
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly operationsUrl: string;
  readonly dataDir: string;
  close(): Promise<void>;
}

export async function startStandalone(options: StandaloneOptions = {}): Promise<Standalone> {
  const [api, gateway1, gateway2, operations] = await freePorts(4);
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-'));
  const process = new AppProcess({
    name: 'standalone',
    main: appMain('standalone'),
    env: {
      PARLEY_DATA_DIR: dataDir,
      PARLEY_API_PORT: String(api),
      PARLEY_GATEWAY_PORTS: `${gateway1},${gateway2}`,
      PARLEY_OPERATIONS_PORT: String(operations),
      PARLEY_PARTITIONS: '12',
      ...harnessLimits,
      ...options.env,
    },
    ...(options.wrapper === undefined ? {} : { wrapper: options.wrapper }),
    ...(options.onLog === undefined ? {} : { onLog: options.onLog }),
  });
  await process.start();
  return {
    process,
    apiUrl: `http://127.0.0.1:${api}`,
    gatewayUrls: [`ws://127.0.0.1:${gateway1}`, `ws://127.0.0.1:${gateway2}`],
    operationsUrl: `http://127.0.0.1:${operations}`,
    dataDir,
    async close() {
      await process.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A harness is many users behind one address, and sends as fast as it likes. */
export const harnessLimits: Readonly<Record<string, string>> = {
  PARLEY_DEV_CODES: 'true',
  PARLEY_MESSAGES_PER_MINUTE: '1000000',
  PARLEY_REGISTRATIONS_PER_HOUR: '1000000',
};
