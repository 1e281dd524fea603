/** An internal gRPC server: frames bounded, connections watched, bound before it is handed over. */
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly serverCredentials?: ServerCredentials;
  readonly maxMessageBytes: number;
}

export interface GrpcServer {
  readonly port: number;
  shutdown(): void;
}

export async function startGrpcServer(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  { host, port, serverCredentials, maxMessageBytes }: GrpcServerOptions,
): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
    // A caller's machine that vanished is noticed, a connection that never asks anything is closed.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_connection_idle_ms': 5 * 60_000,
  });
  server.addService(service, implementation);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, serverCredentials ?? ServerCredentials.createInsecure(), (error, actual) => {
      if (error === null) resolve(actual);
      else reject(error);
    });
  });
  return { port: bound, shutdown: () => server.forceShutdown() };
}
