/** A link to gateways for a gateway that delivers itself: what is for its own connections goes there by a call. */
import type { DeliveryItem, DeliverySink, GatewayLink, Unreached } from '@parley/streams/delivery/delivery';

export class OwnLink implements GatewayLink {
  readonly #gatewayId: string;
  readonly #sink: DeliverySink;
  readonly #others: Pick<GatewayLink, 'deliver'>;

  constructor(gatewayId: string, sink: DeliverySink, others: Pick<GatewayLink, 'deliver'>) {
    this.#gatewayId = gatewayId;
    this.#sink = sink;
    this.#others = others;
  }

  deliver(gatewayId: string, items: readonly DeliveryItem[]): Promise<readonly Unreached[]> {
    if (gatewayId !== this.#gatewayId) return this.#others.deliver(gatewayId, items);
    return Promise.resolve(this.#sink.deliver(items));
  }

  /** Whoever made the link to the others closes it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
