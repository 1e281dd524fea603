/** A stream of batches to one gateway: what the gRPC link and the simulator's network have in common. */
import type { DeliveryItem, Unreached } from './delivery.ts';

export interface BatchStreamEvents {
  /** The gateway answered a batch. Answers come in the order of the batches. */
  taken(batchId: number, unreached: readonly Unreached[]): void;
  /** Called once: the stream is over, refused, or never came to be. Not called after `close`. */
  ended(reason: string): void;
}

export interface BatchStream {
  /** Never throws and never blocks: the caller bounds how much is unanswered. */
  send(batchId: number, items: readonly DeliveryItem[]): void;
  close(): void;
}

export interface BatchTransport {
  /** Begins to connect and never throws. Batches may be sent at once; events come only after it has returned. */
  open(gatewayId: string, events: BatchStreamEvents): BatchStream;
}
