/** The operations port of a process: /healthz (alive), /readyz (may be given work) and /metrics (Prometheus). */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

export interface Operations {
  readonly port: number;
  close(): Promise<void>;
}

/** A registry with the process's own metrics. */
export function createMetrics(app: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
  return registry;
}

export async function startOperations(options: {
  readonly host: string;
  readonly port: number;
  readonly isReady: () => boolean;
  readonly metrics: Registry;
}): Promise<Operations> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    };
    if (request.method !== 'GET') return answer(405, 'GET only\n');
    switch (request.url) {
      case '/healthz':
        return answer(200, 'ok\n');
      case '/readyz':
        return options.isReady() ? answer(200, 'ready\n') : answer(503, 'not ready\n');
      case '/metrics':
        options.metrics.metrics().then(
          (text) => answer(200, text, options.metrics.contentType),
          () => answer(500, 'metrics failed\n'),
        );
        return undefined;
      default:
        return answer(404, 'not found\n');
    }
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  await listen(server, options.host, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
