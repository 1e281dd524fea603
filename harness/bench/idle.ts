/**
 * What an idle connection costs: memory of the process, all in, and of the kernel.
 *
 * The server's resident memory is read before and after the connections are made, each time after a garbage collection and once it
 * stays the same. A first crowd of connections comes before, so that the code is compiled and the heap has its size; what is
 * counted is what the second one adds. The kernel's part is read for the whole machine, both ends of each connection, and halved.
 */

import { openTokenKeys } from '@parley/projections/directory/token-keys';
import { pause } from '@parley/schemas/environment/clock';
import { systemTimers } from '@parley/schemas/environment/system';
import { freePorts } from '../services/ports.ts';
import { until } from '../services/until.ts';
import { Standalone } from '../world/standalone.ts';
import { IdleSockets } from './idle-sockets.ts';
import { Inspector } from './inspector.ts';
import { kernelSocketBytes, machine, residentBytes } from './process-usage.ts';
import { scrape } from './scrape.ts';

export interface IdleResult {
  readonly connections: number;
  /** Those that were still there at the end, by the server's own count. */
  readonly connected: number;
  readonly bytes_per_connection: number;
  /** The part of it that living JavaScript objects take. */
  readonly heap_bytes_per_connection: number;
  readonly kernel_bytes_per_connection: number;
  readonly rss_mb: number;
  readonly machine: ReturnType<typeof machine>;
}

interface Memory {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly kernelBytes: number;
}

/** Connections before the first reading. */
const firstCrowd = 1_000;
/** File descriptors of the server beside those of connections. */
const otherFiles = 1_000;
const roundMs = 500;
const settleTimeoutMs = 20_000;
/** Two readings this close, relatively, are the same. */
const tolerance = 0.002;

/** Raises the limit of open files, where the machine's own may be too low for the connections. */
const filesWrapper = (connections: number): string[] => ['prlimit', `--nofile=${connections + otherFiles}`];

async function settled(server: Standalone, inspector: Inspector): Promise<Memory> {
  const deadlineMs = performance.now() + settleTimeoutMs;
  let last = 0;
  for (;;) {
    await pause(systemTimers, roundMs);
    await inspector.collectGarbage();
    const resident = residentBytes([server.process.pid!]);
    if (Math.abs(resident - last) <= resident * tolerance || performance.now() > deadlineMs) {
      return {
        residentBytes: resident,
        heapBytes: await inspector.usedHeapBytes(),
        kernelBytes: kernelSocketBytes(),
      };
    }
    last = resident;
  }
}

async function measure(server: Standalone, inspectorPort: number, connections: number): Promise<IdleResult> {
  const inspector = await Inspector.connect(inspectorPort);
  const sockets = new IdleSockets(server.gatewayUrls, openTokenKeys(server.dataDir).privateKeyPem);
  const open = (): Promise<number> => scrape([server.operationsUrl], 'parley_gateway_connections');
  try {
    await sockets.open(firstCrowd);
    const before = await settled(server, inspector);
    await sockets.open(connections);
    const after = await settled(server, inspector);
    await until(async () => (await open()) === firstCrowd + connections, {
      what: `${firstCrowd + connections} connections are there`,
      timeoutMs: 5_000, // The gateways publish their counts once a second.
      everyMs: 100,
    }).catch((error: Error) => console.error(error.message));
    const each = (bytes: number): number => Math.round(bytes / connections);
    return {
      connections,
      connected: (await open()) - firstCrowd,
      bytes_per_connection: each(after.residentBytes - before.residentBytes),
      heap_bytes_per_connection: each(after.heapBytes - before.heapBytes),
      kernel_bytes_per_connection: each((after.kernelBytes - before.kernelBytes) / 2),
      rss_mb: Math.round(after.residentBytes / 2 ** 20),
      machine: machine(),
    };
  } finally {
    sockets.close();
    inspector.close();
  }
}

export async function benchIdle(connections: number): Promise<IdleResult> {
  const [inspectorPort] = await freePorts(1);
  const server = await Standalone.create({
    wrapper: filesWrapper(connections + firstCrowd),
    nodeArguments: [`--inspect=127.0.0.1:${inspectorPort}`],
  });
  try {
    await server.start();
    return await measure(server, inspectorPort!, connections);
  } finally {
    await server.close();
  }
}
