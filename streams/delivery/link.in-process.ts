/** The way to gateways of the same process: a call. */
import type { Logger } from 'pino';
import type { DeliveryItem, DeliverySink, GatewayLink, Unreached } from './delivery.ts';
import { everyTarget } from './gateway-outbox.ts';

export class InProcessLink implements GatewayLink {
  readonly #sinks = new Map<string, DeliverySink>();
  readonly #logger: Logger | undefined;

  /** The logger is told when a sink throws, which is a defect of the gateway. */
  constructor(logger?: Logger) {
    this.#logger = logger;
  }

  /** A sink under the same id replaces the one before. */
  register(gatewayId: string, sink: DeliverySink): void {
    this.#sinks.set(gatewayId, sink);
  }

  /** Removes the sink, unless another has taken its place. */
  unregister(gatewayId: string, sink: DeliverySink): void {
    if (this.#sinks.get(gatewayId) === sink) this.#sinks.delete(gatewayId);
  }

  deliver(gatewayId: string, items: readonly DeliveryItem[]): Promise<readonly Unreached[]> {
    const sink = this.#sinks.get(gatewayId);
    if (sink === undefined) return Promise.resolve(everyTarget(items));
    try {
      return Promise.resolve(sink.deliver(items));
    } catch (error) {
      this.#logger?.error({ gatewayId, err: error }, 'the gateway failed to take a delivery');
      return Promise.resolve(everyTarget(items));
    }
  }

  close(): Promise<void> {
    this.#sinks.clear();
    return Promise.resolve();
  }
}
