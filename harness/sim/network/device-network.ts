/** The network between devices and gateways: opens connections, keeps count of them, and is where they are harmed. */
import type { Transport, TransportHandlers, TransportSocket } from '@parley/sdk/transport';
import type { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import { DeviceConnection, type GatewayEnd } from './device-connection.ts';
import { Unacknowledged } from './unacknowledged.ts';

export interface DeviceNetworkOptions {
  readonly random: SeededRandom;
  /** The gateway that listens at the address now; null: nobody does. */
  readonly gatewayAt: (url: string) => GatewayEnd | null;
  /** Told of every frame that reaches a device. */
  readonly observe: (device: Life, bytes: Uint8Array) => void;
}

export class DeviceNetwork {
  readonly #options: DeviceNetworkOptions;
  readonly connections = new Set<DeviceConnection>();
  /** Devices whose end no gateway learns of but by their silence. */
  readonly dyingInSilence = new Set<Life>();
  mostDelayMs = 30;
  readonly #unacknowledged: Unacknowledged[] = [];

  constructor(options: DeviceNetworkOptions) {
    this.#options = options;
  }

  /** On one connection at once, since the beginning. */
  get mostUnacknowledged(): number {
    return Math.max(0, ...this.#unacknowledged.map(({ most }) => most));
  }

  /** The network as one device has it. `rate` is asked at every connect: bytes a second that it takes. */
  transportOf(device: Life, rate: () => number | null): Transport {
    return { open: (url, protocols, handlers) => this.#open(device, rate(), url, protocols, handlers) };
  }

  #open(
    device: Life,
    rate: number | null,
    url: string,
    protocols: readonly string[],
    handlers: TransportHandlers,
  ): TransportSocket {
    const { random, gatewayAt, observe } = this.#options;
    const { origin, searchParams } = new URL(url);
    const gateway = gatewayAt(origin);
    if (gateway === null) return refusing(device, handlers, 1 + random.delay(this.mostDelayMs));
    const pipes = { time: device.time, random, mostDelayMs: () => this.mostDelayMs };
    const unacknowledged = new Unacknowledged();
    this.#unacknowledged.push(unacknowledged);
    const told = (bytes: Uint8Array): void => observe(device, bytes);
    const connection = new DeviceConnection(device, gateway, handlers, pipes, told, unacknowledged);
    connection.down.rate = rate;
    this.#keep(connection);
    const userId = searchParams.get('user_id') ?? undefined;
    connection.begin({ authorization: '', offeredProtocols: protocols.join(', '), userId });
    return connection.clientEnd;
  }

  #keep(connection: DeviceConnection): void {
    for (const one of this.connections) if (one.isOver) this.connections.delete(one);
    this.connections.add(connection);
    const { random } = this.#options;
    // Who dies leaves the other with a silence, or, where its machine lives on, with a reset.
    connection.device.onEnd(() => {
      const isSilent = this.dyingInSilence.has(connection.device) || random.chance(0.3);
      if (!isSilent) connection.cutServer(random.delay(3_000));
    });
    connection.gateway.life.onEnd(() => {
      if (random.chance(0.8)) connection.cutClient(random.delay(3_000));
    });
  }
}

function refusing(device: Life, handlers: TransportHandlers, afterMs: number): TransportSocket {
  let isClosed = false;
  const close = (code: number, reason: string): void => {
    if (isClosed) return;
    isClosed = true;
    handlers.closed(code, reason);
  };
  device.after(afterMs, () => close(1006, 'nobody listens'));
  return { send: () => undefined, close: (code, reason) => void device.after(1, () => close(code, reason)) };
}
