/** The way to gateways of other processes: gRPC streams of batches, opened with a signed token. */
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import type { Clock } from '@parley/schemas/environment/clock';
import type { BatchStream, BatchStreamEvents, BatchTransport } from './batch-transport.ts';
import { BatchingLink, defaultLinkSettings, type LinkDependencies, type LinkSettings } from './batching-link.ts';
import type { DeliveryItem } from './delivery.ts';
import { type DeliveryService, deliveryService, type WireBatch, type WireTaken } from './delivery-schema.ts';
import { signDeliveryToken } from './delivery-token.ts';
import { toWireBatch } from './delivery-wire.ts';

export { type GrpcSink, type GrpcSinkOptions, startGrpcSink } from './sink.grpc.ts';

/** A batch is at most about 1 MiB, one frame in it may be larger. */
export const maxGrpcMessageBytes = 16 << 20;

export interface GrpcLinkDependencies extends LinkDependencies {
  readonly clock: Clock;
  /** From `deliverySecret`; the same as the gateways'. */
  readonly secret: Uint8Array;
  /** Plain text where absent. */
  readonly channelCredentials?: ChannelCredentials;
}

/** A gatewayId is the address of its sink, `host:port`. */
export class GrpcLink extends BatchingLink {
  constructor(dependencies: GrpcLinkDependencies, settings: Partial<LinkSettings> = {}) {
    super(new GrpcTransport(dependencies), dependencies, { ...defaultLinkSettings, ...settings });
  }
}

class GrpcTransport implements BatchTransport {
  readonly #service = deliveryService();
  readonly #dependencies: GrpcLinkDependencies;

  constructor(dependencies: GrpcLinkDependencies) {
    this.#dependencies = dependencies;
  }

  open(gatewayId: string, events: BatchStreamEvents): BatchStream {
    return new GrpcBatchStream(gatewayId, events, this.#service, this.#dependencies);
  }
}

class GrpcBatchStream implements BatchStream {
  readonly #events: BatchStreamEvents;
  /** Batches from before the token was signed; bounded by the batches that an outbox leaves unanswered. */
  #early: WireBatch[] = [];
  #client: Client | null = null;
  #call: ClientDuplexStream<WireBatch, WireTaken> | null = null;
  #over = false;

  constructor(
    gatewayId: string,
    events: BatchStreamEvents,
    service: DeliveryService,
    { secret, clock, channelCredentials }: GrpcLinkDependencies,
  ) {
    this.#events = events;
    signDeliveryToken(secret, clock).then(
      (token) => this.#start(gatewayId, service, token, channelCredentials ?? credentials.createInsecure()),
      (error: unknown) => this.#end(`token not signed: ${String(error)}`),
    );
  }

  #start(gatewayId: string, service: DeliveryService, token: string, channel: ChannelCredentials): void {
    if (this.#over) return;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    this.#client = new Client(gatewayId, channel, {
      // Redialling is the outbox's business; a channel shared with the stream before would add its own backoff.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.max_send_message_length': maxGrpcMessageBytes,
      'grpc.max_receive_message_length': maxGrpcMessageBytes,
    });
    const { path, requestSerialize, responseDeserialize } = service.Deliver;
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.#call = call;
    call.on('data', ({ id, unreached }: WireTaken) => {
      if (!this.#over) this.#events.taken(id, unreached);
    });
    call.on('error', (error) => this.#end(error.message));
    call.on('end', () => this.#end('ended by the gateway'));
    for (const batch of this.#early) call.write(batch);
    this.#early = [];
  }

  send(batchId: number, items: readonly DeliveryItem[]): void {
    if (this.#over) return;
    const batch = toWireBatch(batchId, items);
    if (this.#call === null) this.#early.push(batch);
    else this.#call.write(batch);
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#dispose();
    this.#events.ended(reason);
  }

  #dispose(): void {
    this.#over = true;
    this.#early = [];
    this.#call?.cancel();
    this.#client?.close();
  }

  close(): void {
    if (!this.#over) this.#dispose();
  }
}
