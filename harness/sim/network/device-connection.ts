/**
 * A WebSocket between a device and a gateway: the SDK's `TransportSocket` at one end, the gateway's `Socket` at the other.
 *
 * The upgrade is admitted by the gateway as its real server does it (apps/gateway/uws): admitted, then opened, or refused. Either
 * end may close, or die; the other learns of it in order, after what was sent before. When the network is cut each end learns
 * of it by itself, much later or never, and what was under way is lost.
 */
import type { Connection } from '@parley/gateway/connection';
import type { GatewayCore } from '@parley/gateway/core';
import type { Handshake } from '@parley/gateway/sessions/handshake';
import type { SendResult, Socket } from '@parley/gateway/socket';
import type { TransportHandlers, TransportSocket } from '@parley/sdk/transport';
import type { Life } from '../environment/life.ts';
import { Pipe, type PipeOptions } from './pipe.ts';
import type { Unacknowledged } from './unacknowledged.ts';

/** What the other end of a WebSocket sees that was not closed in order. */
const abnormalCode = 1006;
const closeBytes = 8;

export interface GatewayEnd {
  readonly life: Life;
  readonly core: GatewayCore;
}

/** Told of every frame that reaches a device, for the checks. */
export type FrameObserver = (bytes: Uint8Array) => void;

export class DeviceConnection {
  readonly device: Life;
  readonly gateway: GatewayEnd;
  readonly #handlers: TransportHandlers;
  readonly #observe: FrameObserver;
  readonly unacknowledged: Unacknowledged;
  readonly up: Pipe;
  readonly down: Pipe;
  readonly clientEnd: TransportSocket = {
    send: (bytes) => this.#sendUp(bytes),
    close: (code, reason) => this.#closeUp(code, reason),
  };
  readonly serverEnd: Socket = {
    send: (bytes) => this.#sendDown(bytes),
    close: (code, reason) => this.#closeDown(code, reason),
    bufferedBytes: () => this.down.buffered,
  };
  #connection: Connection | null = null;
  #isClientClosed = false;
  #isServerClosed = false;

  constructor(
    device: Life,
    gateway: GatewayEnd,
    handlers: TransportHandlers,
    pipes: PipeOptions,
    observe: FrameObserver,
    unacknowledged: Unacknowledged,
  ) {
    this.device = device;
    this.gateway = gateway;
    this.#handlers = handlers;
    this.#observe = observe;
    this.unacknowledged = unacknowledged;
    this.up = new Pipe(pipes);
    this.down = new Pipe(pipes);
    this.down.drained = () => gateway.life.enter(() => this.#drained());
  }

  get isOver(): boolean {
    return this.#isClientClosed && this.#isServerClosed;
  }

  /** The request for the upgrade is on its way. */
  begin(handshake: Handshake): void {
    this.up.send(0, () => this.#atGateway(() => void this.#admit(handshake)));
  }

  async #admit(handshake: Handshake): Promise<void> {
    const { core } = this.gateway;
    try {
      const admission = await core.admit(handshake);
      if (this.#isServerClosed) {
        core.abandon(admission);
        return;
      }
      this.down.send(0, () => this.device.enter(() => this.#handlers.opened()));
      this.#connection = core.open(admission, this.serverEnd);
    } catch {
      this.#isServerClosed = true; // Refused: a client of the ws library, as a browser, sees no more than that.
      this.down.send(closeBytes, () => this.#clientClosed(abnormalCode, 'refused'));
    }
  }

  #atGateway(run: () => void): void {
    if (!this.gateway.life.isAlive) this.cutClient(0);
    else this.gateway.life.enter(run);
  }

  // The device's end.

  /** A frame of the device. */
  #sendUp(bytes: Uint8Array): void {
    if (this.#isClientClosed) return;
    const frame = Buffer.from(bytes);
    this.up.send(frame.length, () =>
      this.#atGateway(() => {
        if (this.#connection === null || this.#isServerClosed) return;
        this.gateway.core.receive(this.#connection, frame, true);
        this.unacknowledged.heard(frame);
      }),
    );
  }

  #closeUp(code: number, reason: string): void {
    if (this.#isClientClosed) return;
    this.up.send(closeBytes, () => this.#atGateway(() => this.#serverEnded()));
    this.device.after(1, () => this.#clientClosed(code, reason));
  }

  #clientClosed(code: number, reason: string): void {
    this.device.enter(() => {
      if (this.#isClientClosed) return;
      this.#isClientClosed = true;
      this.#handlers.closed(code, reason);
    });
  }

  // The gateway's end.

  #sendDown(bytes: Buffer | string): SendResult {
    if (this.#isServerClosed || !this.gateway.life.isAlive) return 'dropped';
    const { maxBackpressureBytes } = this.gateway.core.settings;
    if (this.down.buffered + bytes.length > maxBackpressureBytes) {
      // uWebSockets.js closes such a socket (closeOnBackpressureLimit) and says so within the call.
      this.cutClient(0);
      this.#serverEnded();
      return 'dropped';
    }
    const frame = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.unacknowledged.sent(frame, this.device.time.nowMs());
    this.down.send(frame.length, () =>
      this.device.enter(() => {
        if (this.#isClientClosed) return;
        this.#observe(frame);
        this.#handlers.received(frame);
      }),
    );
    return this.down.buffered > 0 ? 'queued' : 'sent';
  }

  #closeDown(code: number, reason: string): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.down.send(closeBytes, () => this.#clientClosed(code, reason));
  }

  #drained(): void {
    if (this.#connection !== null && !this.#isServerClosed) this.gateway.core.drained(this.#connection);
  }

  #serverEnded(): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    if (this.#connection !== null) this.gateway.core.ended(this.#connection);
  }

  // What the world does to both.

  /** The device's end learns that the connection is gone. */
  cutClient(afterMs: number): void {
    this.up.cut();
    this.down.cut();
    this.device.time.after(afterMs, () => this.#clientClosed(abnormalCode, 'cut'));
  }

  /** The gateway's end learns that the connection is gone. */
  cutServer(afterMs: number): void {
    this.up.cut();
    this.down.cut();
    this.device.time.after(afterMs, () => this.gateway.life.enter(() => this.#serverEnded()));
  }
}
