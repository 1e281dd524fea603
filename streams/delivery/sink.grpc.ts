/** The gateway's end of the delivery streams: checks who opens one, hands each batch to the sink, answers who was not held. */
import { type ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import type { DeliverySink } from './delivery.ts';
import { deliveryService, type WireBatch, type WireTaken } from './delivery-schema.ts';
import { verifyDeliveryToken } from './delivery-token.ts';
import { fromWireBatch, toWireTaken } from './delivery-wire.ts';
import { startGrpcServer } from './server.grpc.ts';

export interface GrpcSinkOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly sink: DeliverySink;
  /** From `deliverySecret`; the same as the processors'. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Plain text where absent. */
  readonly serverCredentials?: ServerCredentials;
  /** Streams beyond it are refused: one for each processor is expected. */
  readonly maxStreams?: number;
}

export interface GrpcSink {
  readonly port: number;
  /** Ends every stream; what is not answered counts as unreached at the other end. */
  close(): Promise<void>;
}

type Call = ServerDuplexStream<WireBatch, WireTaken>;

const defaultMaxStreams = 1_024;
const maxMessageBytes = 16 << 20;
const bearer = /^Bearer (\S+)$/;

class SinkService {
  readonly #options: GrpcSinkOptions;
  readonly #maxStreams: number;
  readonly #calls = new Set<Call>();

  constructor(options: GrpcSinkOptions) {
    this.#options = options;
    this.#maxStreams = options.maxStreams ?? defaultMaxStreams;
  }

  async accept(call: Call): Promise<void> {
    const { secret, clock, logger } = this.#options;
    call.on('error', (error) => logger.info({ peer: call.getPeer(), reason: error.message }, 'delivery stream broke'));
    const token = bearer.exec(String(call.metadata.get('authorization')[0] ?? ''))?.[1];
    try {
      await verifyDeliveryToken(token ?? '', secret, clock);
    } catch (error) {
      logger.warn({ peer: call.getPeer(), err: error }, 'delivery stream refused');
      refuse(call, status.UNAUTHENTICATED, 'unauthenticated');
      return;
    }
    if (this.#calls.size >= this.#maxStreams) {
      refuse(call, status.RESOURCE_EXHAUSTED, 'too many delivery streams');
      return;
    }
    this.#listen(call);
  }

  #listen(call: Call): void {
    this.#calls.add(call);
    const forget = () => this.#calls.delete(call);
    call.on('close', forget);
    call.on('cancelled', forget);
    call.on('end', () => {
      forget();
      call.end();
    });
    call.on('data', (batch: WireBatch) => this.#take(call, batch));
  }

  #take(call: Call, batch: WireBatch): void {
    try {
      const unreached = batch.items.length === 0 ? [] : this.#options.sink.deliver(fromWireBatch(batch));
      call.write(toWireTaken(batch.id, unreached));
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the gateway failed to take a delivery');
      this.#calls.delete(call);
      refuse(call, status.INTERNAL, 'delivery failed');
    }
  }

  endAll(): void {
    for (const call of this.#calls) call.end();
    this.#calls.clear();
  }
}

function refuse(call: Call, code: status, details: string): void {
  call.emit('error', { code, details });
}

export async function startGrpcSink(options: GrpcSinkOptions): Promise<GrpcSink> {
  const service = new SinkService(options);
  const { host, port, serverCredentials } = options;
  const server = await startGrpcServer(
    deliveryService(),
    { Deliver: (call: Call) => void service.accept(call) },
    { host, port, maxMessageBytes, ...(serverCredentials === undefined ? {} : { serverCredentials }) },
  );
  return {
    port: server.port,
    close: () => {
      service.endAll();
      server.shutdown();
      return Promise.resolve();
    },
  };
}
