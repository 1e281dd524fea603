/**
 * Streams of batches from processors to gateways, beneath the production link (BatchingLink): in order, late, cut, or silent.
 *
 * A gateway that is frozen takes nothing and answers nothing; one that is not there ends the stream; one that is cut off does
 * neither.
 */
import type { BatchStream, BatchStreamEvents, BatchTransport } from '@parley/streams/delivery/batch-transport';
import type { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { GatewayEnd } from './device-connection.ts';
import { Pipe } from './pipe.ts';

export interface DeliveryNetworkOptions {
  readonly random: SeededRandom;
  /** The gateway that listens at the address now; null: nobody does. */
  readonly gatewayAt: (gatewayId: string) => GatewayEnd | null;
}

class DeliveryStream implements BatchStream {
  readonly #processor: Life;
  readonly #gateway: GatewayEnd;
  readonly #events: BatchStreamEvents;
  readonly there: Pipe;
  readonly back: Pipe;
  #isOver = false;

  constructor(processor: Life, gateway: GatewayEnd, events: BatchStreamEvents, there: Pipe, back: Pipe) {
    this.#processor = processor;
    this.#gateway = gateway;
    this.#events = events;
    this.there = there;
    this.back = back;
  }

  get isOver(): boolean {
    return this.#isOver || !this.#processor.isAlive;
  }

  send(batchId: number, items: Parameters<BatchStream['send']>[1]): void {
    this.there.send(0, () => {
      const { life, core } = this.#gateway;
      if (!life.isAlive) {
        this.end('no such process', 0);
        return;
      }
      life.enter(() => {
        const unreached = core.sink.deliver(items);
        this.back.send(0, () => this.#processor.enter(() => this.#taken(batchId, unreached)));
      });
    });
  }

  #taken(batchId: number, unreached: Parameters<BatchStreamEvents['taken']>[1]): void {
    if (!this.#isOver) this.#events.taken(batchId, unreached);
  }

  /** The processor's end learns that the stream is over. */
  end(reason: string, afterMs: number): void {
    this.there.cut();
    this.back.cut();
    this.#processor.after(afterMs, () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#events.ended(reason);
    });
  }

  close(): void {
    this.#isOver = true;
    this.there.cut();
    this.back.cut();
  }
}

export class DeliveryNetwork {
  readonly #options: DeliveryNetworkOptions;
  readonly streams = new Set<DeliveryStream>();
  mostDelayMs = 10;

  constructor(options: DeliveryNetworkOptions) {
    this.#options = options;
  }

  transportOf(processor: Life): BatchTransport {
    return { open: (gatewayId, events) => this.#open(processor, gatewayId, events) };
  }

  #open(processor: Life, gatewayId: string, events: BatchStreamEvents): BatchStream {
    const { random, gatewayAt } = this.#options;
    for (const one of this.streams) if (one.isOver) this.streams.delete(one);
    const gateway = gatewayAt(gatewayId);
    if (gateway === null) return this.#refused(processor, events);
    const options = { time: processor.time, random, mostDelayMs: () => this.mostDelayMs };
    const stream = new DeliveryStream(processor, gateway, events, new Pipe(options), new Pipe(options));
    this.streams.add(stream);
    gateway.life.onEnd(() => {
      if (random.chance(0.7)) stream.end('reset', random.delay(1_000));
    });
    return stream;
  }

  #refused(processor: Life, events: BatchStreamEvents): BatchStream {
    let isClosed = false;
    processor.after(1 + this.#options.random.delay(this.mostDelayMs), () => {
      if (!isClosed) events.ended('nobody listens');
    });
    return {
      send: () => undefined,
      close: () => {
        isClosed = true;
      },
    };
  }
}
