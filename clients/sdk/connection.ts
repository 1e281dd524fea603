/**
 * One connection after the other: opens, authenticates, keeps the heartbeat, and reconnects with jittered backoff.
 *
 * It knows frames but not what they mean. The next address of the list is tried after each failure, so that a dead gateway is left
 * behind. Close codes that nothing can mend (revoked, superseded) end it. But what superseded a connection may be an attempt of this
 * very device that it had given up, or the application before it had, and that a frozen gateway answered later: nobody is at its other
 * end. So for a while after such an attempt, and after the start, it comes back once, and only then believes that another took over.
 *
 * A socket that this side gives up is left at once: a frozen server may never answer the closing handshake. Every attempt has a
 * number of its own, and what an earlier one still has to say is not listened to, so that stop and start may follow each other at
 * any moment without a second connection beside the first.
 */

import { decodeFrame, encodeFrame, type Frame, frameCodes, subprotocols } from '@parley/schemas/codec/frame-codec';
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { errorCatalogue } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FrameName, FrameTypes, HelloFrame } from '@parley/schemas/generated/wire';
import { Backoff, type BackoffSettings } from './backoff.ts';
import type { ServerClock } from './server-clock.ts';
import type { Transport, TransportSocket } from './transport.ts';

export interface Credentials {
  readonly userId: string;
  /** A valid access token; `renew` is true after the server refused the last one. */
  accessToken(renew: boolean): Promise<string>;
}

export interface ConnectionListener {
  hello(frame: HelloFrame): void;
  frame(frame: Frame): void;
  /** reconnectInMs is null if it ended for good, with the code of the catalogue. */
  lost(code: number, reason: string, reconnectInMs: number | null): void;
}

export interface ConnectionOptions {
  /** Base addresses of gateways or load balancers, such as wss://chat.example.org. */
  readonly urls: readonly string[];
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly backoff: BackoffSettings;
  readonly helloTimeoutMs: number;
}

const knownCodes: ReadonlySet<number> = new Set(Object.values(frameCodes));

/** As if the server had refused the token: the same backoff, and a renewed token next time. */
const tokenRefused = errorCatalogue.unauthenticated.closeCode ?? 1008;

const supersededCode = errorCatalogue.superseded.closeCode;
/** A gateway that was frozen for longer has lost the sockets that waited for it. */
const ownRivalMs = 120_000;

const finalCloseCodes: ReadonlySet<number | null> = new Set([
  errorCatalogue.device_revoked.closeCode,
  supersededCode,
  errorCatalogue.too_many_errors.closeCode,
]);

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  readonly #backoff: Backoff;
  #socket: TransportSocket | null = null;
  #attempt = 0;
  #ready = false;
  #stopped = true;
  #urlIndex = 0;
  #renewToken = false;
  #goAwayDelayMs: number | null = null;
  #retry: TimerHandle | null = null;
  #deadline: TimerHandle | null = null;
  #watch: TimerHandle | null = null;
  #lastFrameAtMs = 0;
  #lastPingAtMs = 0;
  #heardAtMs = Number.POSITIVE_INFINITY;
  /** Until when an attempt of this device itself may supersede it. */
  #ownRivalUntilMs = Number.NEGATIVE_INFINITY;
  #heartbeat = { intervalMs: 30_000, timeoutMs: 60_000 };

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
    this.#backoff = new Backoff(options.backoff, options.random);
    this.#urlIndex = Math.floor(options.random.next() * options.urls.length);
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Does nothing while it runs. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#expectOwnRival();
    void this.#open();
  }

  /** Closes and does not come back until start. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    if (this.#socket === null) this.#attempt++;
    else this.#leave(1000, 'bye');
  }

  /** Closes the socket as if the network had failed: the client reconnects by itself. */
  drop(): void {
    if (this.#socket !== null) this.#leave(4000, 'dropped by the client');
  }

  /** Of this connection, or the last one: the server is known to have heard what was said up to then, and nothing later. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** False if there is no connection to send it on. */
  send<N extends FrameName>(name: N, body: FrameTypes[N]): boolean {
    if (!this.#ready || this.#socket === null) return false;
    this.#socket.send(encodeFrame(name, body));
    return true;
  }

  async #open(): Promise<void> {
    const attempt = ++this.#attempt;
    const { urls, credentials, transport, timers } = this.#options;
    const url = urls[this.#urlIndex % urls.length]!;
    let token: string;
    try {
      token = await credentials.accessToken(this.#renewToken);
    } catch (error) {
      if (attempt === this.#attempt) this.#noToken(error);
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#renewToken = false;
    const address = `${url}/v1/connect?user_id=${credentials.userId}`;
    this.#deadline = timers.after(this.#options.helloTimeoutMs, () => this.#leave(4000, 'no hello'));
    this.#socket = transport.open(address, [subprotocols.avro, `bearer.${token}`], {
      opened: () => undefined,
      received: (bytes) => {
        if (attempt === this.#attempt) this.#received(bytes);
      },
      closed: (code, reason) => {
        if (attempt === this.#attempt) this.#closed(code, reason);
      },
    });
  }

  /** The device is not known any more, or only cannot be asked for now. */
  #noToken(error: unknown): void {
    const isFinal = error instanceof ParleyError && !errorCatalogue[error.code].retryable;
    if (isFinal) this.#ended(tokenRefused, error.code);
    else this.#closed(tokenRefused, error instanceof Error ? error.message : 'no token');
  }

  /** Closes the socket without waiting for the other side. */
  #leave(code: number, reason: string): void {
    this.#attempt++;
    this.#socket?.close(code, reason);
    this.#closed(code, reason);
  }

  #received(bytes: Uint8Array): void {
    this.#lastFrameAtMs = this.#options.clock.nowMs();
    // A frame of a newer server: the protocol says to leave it out.
    if (!knownCodes.has(bytes[0] ?? 0)) return;
    const frame = decodeFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    switch (frame.name) {
      case 'hello':
        this.#deadline?.cancel();
        this.#begin(frame.body);
        return;
      case 'pong':
        // What was said before the ping arrived before it.
        this.#heardAtMs = Math.max(this.#heardAtMs, Math.min(frame.body.client_time_ms, this.#lastPingAtMs));
        this.#options.serverClock.observeRoundTrip(frame.body.client_time_ms, frame.body.server_time_ms);
        return;
      case 'go_away':
        this.#goAwayDelayMs = frame.body.reconnect_after_ms;
        return;
      default:
        this.#listener.frame(frame);
    }
  }

  #begin(hello: HelloFrame): void {
    this.#ready = true;
    this.#backoff.reset();
    this.#options.serverClock.observe(hello.server_time_ms);
    this.#heartbeat = { intervalMs: hello.heartbeat_interval_ms, timeoutMs: hello.heartbeat_timeout_ms };
    this.#lastPingAtMs = this.#options.clock.nowMs();
    this.#heardAtMs = this.#lastPingAtMs;
    this.#watch = this.#options.timers.every(Math.min(1_000, hello.heartbeat_interval_ms), () => this.#beat());
    this.#listener.hello(hello);
  }

  #beat(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#lastFrameAtMs > this.#heartbeat.timeoutMs) {
      this.#leave(4000, 'the server is silent');
      return;
    }
    if (nowMs - this.#lastPingAtMs >= this.#heartbeat.intervalMs) {
      this.#lastPingAtMs = nowMs;
      this.send('ping', { client_time_ms: nowMs });
    }
  }

  #closed(code: number, reason: string): void {
    const hadHello = this.#ready;
    if (this.#socket !== null && !hadHello) this.#expectOwnRival();
    this.#attempt++;
    this.#ready = false;
    this.#socket = null;
    this.#deadline?.cancel();
    this.#watch?.cancel();
    if (this.#stopped || (finalCloseCodes.has(code) && !this.#isOwnRival(code))) {
      this.#ended(code, reason);
      return;
    }
    // A refused upgrade looks like 1006 to a browser: the token may be why.
    this.#renewToken = code === errorCatalogue.unauthenticated.closeCode || (code === 1006 && !hadHello);
    this.#urlIndex++;
    const delayMs = this.#goAwayDelayMs ?? this.#backoff.nextMs();
    this.#goAwayDelayMs = null;
    this.#retry = this.#options.timers.after(delayMs, () => void this.#open());
    this.#listener.lost(code, reason, delayMs);
  }

  #expectOwnRival(): void {
    this.#ownRivalUntilMs = this.#options.clock.nowMs() + ownRivalMs;
  }

  /** True at most once for each time that it is expected: of two applications with one device, the later one stays. */
  #isOwnRival(code: number): boolean {
    if (code !== supersededCode || this.#options.clock.nowMs() >= this.#ownRivalUntilMs) return false;
    this.#ownRivalUntilMs = Number.NEGATIVE_INFINITY;
    return true;
  }

  #ended(code: number, reason: string): void {
    this.#stopped = true;
    this.#listener.lost(code, reason, null);
  }
}
