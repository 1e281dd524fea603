/**
 * A device of the load generator: sends, acknowledges and measures with as little work as possible.
 *
 * The body of a message carries the time at which it was meant to be sent, so that a late generator counts against the server (open
 * loop, no coordinated omission). Frames that need no look are told apart by their first byte and not decoded.
 */
import { decodeFrame, encodeFrame, frameCodes, subprotocols } from '@parley/schemas/codec/frame-codec';
import { systemRandom } from '@parley/schemas/environment/system';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import WebSocket from 'ws';
import type { Measurement } from './measurement.ts';

export interface LoadDeviceOptions {
  readonly url: string;
  readonly token: string;
  readonly conversationId: string;
  readonly peerId: string;
  readonly measurement: Measurement;
}

const headerBytes = 16;

export class LoadDevice {
  readonly #options: LoadDeviceOptions;
  readonly #socket: WebSocket;
  readonly #pad: Buffer;

  private constructor(options: LoadDeviceOptions, socket: WebSocket, bodyBytes: number) {
    this.#options = options;
    this.#socket = socket;
    this.#pad = Buffer.alloc(Math.max(headerBytes, bodyBytes));
    socket.on('message', (data: Buffer) => this.#received(data));
    socket.on('close', () => options.measurement.disconnected());
  }

  static connect(options: LoadDeviceOptions, bodyBytes: number): Promise<LoadDevice> {
    const socket = new WebSocket(`${options.url}/v1/connect`, [subprotocols.avro], {
      headers: { authorization: `Bearer ${options.token}` },
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', (code) => reject(new Error(`closed with ${code} before hello`)));
      socket.once('message', () => {
        socket.removeAllListeners();
        socket.on('error', () => undefined); // Close follows, and is counted.
        resolve(new LoadDevice(options, socket, bodyBytes));
      });
    });
  }

  /** @param index of the message in the whole run, so that lost and doubled ones are told apart */
  send(index: number, intendedAtMs: number): void {
    const body = Buffer.from(this.#pad);
    body.writeDoubleBE(intendedAtMs, 0);
    body.writeDoubleBE(index, 8);
    this.#socket.send(
      encodeFrame('send', {
        conversation_id: this.#options.conversationId,
        peer_id: this.#options.peerId,
        message_id: makeMessageId(Date.now(), systemRandom),
        message_type: 'text',
        encrypted_body: body,
        preview: null,
        media_url: null,
        thumbnail_url: null,
        reply_to: null,
        target_id: null,
      }),
    );
  }

  #received(data: Buffer): void {
    const { measurement, conversationId } = this.#options;
    switch (data[0]) {
      case frameCodes.message: {
        const frame = decodeFrame(data);
        if (frame.name !== 'message') return;
        const { encrypted_body: body, seq } = frame.body.message;
        measurement.delivered(body.readDoubleBE(8), body.readDoubleBE(0));
        this.#socket.send(encodeFrame('delivered', { conversation_id: conversationId, seq }));
        return;
      }
      case frameCodes.accepted:
        measurement.accepted();
        return;
      case frameCodes.receipt:
        measurement.receipt();
        return;
      case frameCodes.refused:
      case frameCodes.error: {
        const frame = decodeFrame(data);
        measurement.refused(frame.name === 'error' || frame.name === 'refused' ? frame.body.code : frame.name);
        return;
      }
      default:
    }
  }

  close(): void {
    this.#socket.terminate();
  }
}
