/** A WebSocket that speaks frames and nothing else: for what the SDK would never send, and for what it would hide. */
import { decodeFrame, encodeFrame, type Frame, subprotocols } from '@parley/schemas/codec/frame-codec';
import type { FrameName, FrameTypes } from '@parley/schemas/generated/wire';
import WebSocket from 'ws';
import { until } from '../services/until.ts';

export interface RawClose {
  readonly code: number;
  readonly reason: string;
}

export class RawClient {
  readonly frames: Frame[] = [];
  /** Text messages, as they came. */
  readonly texts: string[] = [];
  closed: RawClose | null = null;
  /** Status of a refused upgrade. */
  refusedStatus: number | null = null;
  readonly #socket: WebSocket;

  constructor(url: string, options: { protocols?: readonly string[]; headers?: Record<string, string> }) {
    this.#socket = new WebSocket(`${url}/v1/connect`, [...(options.protocols ?? [])], {
      headers: options.headers ?? {},
    });
    this.#socket.on('message', (data: Buffer, binary) => {
      if (binary) this.frames.push(decodeFrame(data));
      else this.texts.push(data.toString());
    });
    this.#socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.#socket.on('unexpected-response', (_request, response) => {
      this.refusedStatus = response.statusCode ?? 0;
      this.#socket.terminate();
    });
    // Every error is followed by close, where the tests look.
    this.#socket.on('error', () => undefined);
  }

  /** Connects with a token and waits for hello. */
  static async connect(url: string, token: string, protocol: string = subprotocols.avro): Promise<RawClient> {
    const client = new RawClient(url, { protocols: [protocol], headers: { authorization: `Bearer ${token}` } });
    if (protocol === subprotocols.avro) await client.frame('hello');
    else await until(() => client.texts.length > 0, { what: 'hello in JSON', timeoutMs: 10_000, everyMs: 5 });
    return client;
  }

  send<N extends FrameName>(name: N, body: FrameTypes[N]): void {
    this.#socket.send(encodeFrame(name, body));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Stops reading from the socket: the server's buffers fill. */
  freeze(): void {
    this.#socket.pause();
  }

  thaw(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }

  of<N extends FrameName>(name: N): FrameTypes[N][] {
    return this.frames.flatMap((frame) => (frame.name === name ? [frame.body as FrameTypes[N]] : []));
  }

  /** The first frame of the name for which the predicate holds, now or within the time. */
  frame<N extends FrameName>(
    name: N,
    holds: (body: FrameTypes[N]) => boolean = () => true,
    timeoutMs = 15_000,
  ): Promise<FrameTypes[N]> {
    return until(() => this.of(name).find(holds), {
      what: `frame ${name} (closed: ${JSON.stringify(this.closed)}, status ${this.refusedStatus})`,
      timeoutMs,
      everyMs: 5,
    }) as Promise<FrameTypes[N]>;
  }

  ended(timeoutMs = 15_000): Promise<RawClose> {
    return until(() => this.closed, { what: 'the server closes', timeoutMs, everyMs: 5 });
  }
}
