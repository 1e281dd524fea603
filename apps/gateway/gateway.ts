/**
 * A gateway: device connections on one side, the log and the projections on the other.
 *
 * ```ts
 * const gateway = await createGateway(dependencies, { ...defaultGatewaySettings('gateway-1'), host: '0.0.0.0' });
 * const grpc = await startGrpcSink({ sink: gateway.sink, ... });   // or an InProcessLink
 * await gateway.listen(8080);
 * ...
 * await gateway.drain();
 * await gateway.close();
 * ```
 */
import type { DeliverySink } from '@parley/streams/delivery/delivery';
import { topics } from '@parley/streams/log/topics';
import { GatewayCore } from './core.ts';
import type { GatewayDependencies } from './dependencies.ts';
import type { GatewaySettings } from './settings.ts';
import { UwsServer } from './uws/server.ts';

export interface Gateway {
  readonly sink: DeliverySink;
  /** Where it listens; 0 before. */
  readonly port: number;
  /** 0 for any port; resolves to the one that was taken. */
  listen(port: number): Promise<number>;
  /** May be given new connections. */
  isReady(): boolean;
  /** Not ready from now on; resolves when everybody has left. */
  drain(): Promise<void>;
  /** Ends at once what is left, and resolves when nothing is. */
  close(): Promise<void>;
}

/** The topics must exist. */
export async function createGateway(dependencies: GatewayDependencies, settings: GatewaySettings): Promise<Gateway> {
  const partitions = await dependencies.log.partitionCount(topics.presence);
  const core = new GatewayCore(dependencies, settings, partitions);
  const server = new UwsServer(core, dependencies.logger);
  let port = 0;
  return {
    sink: core.sink,
    get port() {
      return port;
    },
    async listen(wanted) {
      port = await server.listen(settings.host, wanted);
      return port;
    },
    isReady: () => port > 0 && core.isReady(),
    drain: () => core.drain(),
    async close() {
      await core.stop();
      server.close();
    },
  };
}
