/**
 * A device of the load generator: sends, acknowledges and measures with as little work as possible.
 *
 * The body of a message carries the time at which it was meant to be sent, so that a late generator counts against the server (open
 * loop, no coordinated omission). Of the frames that it gets it reads only what it counts. It says `delivered` for every message,
 * right when it came, as a device with one conversation open does.
 */

import { decodeFrame, encodeFrame, frameCodes, subprotocols } from '@parley/schemas/codec/frame-codec';
import { systemRandom } from '@parley/schemas/environment/system';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import WebSocket from 'ws';
import { plainSend } from '../world/plain-send.ts';
import { acceptedSeq, DeliveredFrames, type MessageView, receiptSeq, viewMessage } from './frame-view.ts';
import type { Measurement } from './measurement.ts';

export interface LoadDeviceOptions {
  readonly url: string;
  readonly token: string;
  readonly conversationId: string;
  readonly peerId: string;
  readonly measurement: Measurement;
  readonly bodyBytes: number;
}

const headerBytes = 16;
const view: MessageView = { seq: 0, bodyAt: 0, bodyLength: 0 };

export class LoadDevice {
  readonly #options: LoadDeviceOptions;
  readonly #socket: WebSocket;
  readonly #body: Buffer;
  readonly #delivered: DeliveredFrames;
  /** The highest seq of an own message, and up to where the peer has said `delivered`. */
  #ownSeq = 0;
  #receiptSeq = 0;
  /** The newest message of the peer's that this device has. */
  #peerSeq = 0;

  private constructor(options: LoadDeviceOptions, socket: WebSocket) {
    this.#options = options;
    this.#socket = socket;
    this.#body = Buffer.alloc(Math.max(headerBytes, options.bodyBytes), 'ciphertext');
    this.#delivered = new DeliveredFrames(options.conversationId);
    socket.on('message', (data: Buffer) => this.#received(data));
    socket.on('close', () => options.measurement.disconnected());
  }

  static connect(options: LoadDeviceOptions): Promise<LoadDevice> {
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
        resolve(new LoadDevice(options, socket));
      });
    });
  }

  /** True once the peer has said that it has everything that this device sent. */
  get isAcknowledged(): boolean {
    return this.#receiptSeq >= this.#ownSeq;
  }

  /** @param index of the message in the whole run, so that lost and doubled ones are told apart */
  send(index: number, intendedAtMs: number): void {
    this.#body.writeDoubleBE(intendedAtMs, 0);
    this.#body.writeDoubleBE(index, 8);
    this.#socket.send(
      encodeFrame(
        'send',
        plainSend({
          conversation_id: this.#options.conversationId,
          peer_id: this.#options.peerId,
          message_id: makeMessageId(Date.now(), systemRandom),
          encrypted_body: this.#body,
        }),
      ),
    );
  }

  #received(data: Buffer): void {
    const { measurement } = this.#options;
    switch (data[0]) {
      case frameCodes.message:
        viewMessage(data, view);
        this.#peerSeq = view.seq;
        measurement.delivered(data.readDoubleBE(view.bodyAt + 8), data.readDoubleBE(view.bodyAt));
        this.#socket.send(this.#delivered.upTo(view.seq));
        return;
      case frameCodes.accepted:
        this.#ownSeq = Math.max(this.#ownSeq, acceptedSeq(data));
        measurement.accepted();
        return;
      case frameCodes.receipt:
        this.#receiptSeq = Math.max(this.#receiptSeq, receiptSeq(data));
        measurement.receipt();
        return;
      case frameCodes.refused:
      case frameCodes.error: {
        const frame = decodeFrame(data);
        measurement.refused(frame.name === 'error' || frame.name === 'refused' ? frame.body.code : frame.name);
        return;
      }
      case frameCodes.resync:
        // It was too slow for a moment, or the server was: that must be seen, and it catches up as any device does.
        measurement.refused('resync');
        this.#socket.send(encodeFrame('inbox', { request_id: 1, after: null, limit: 1 }));
        return;
      case frameCodes.inbox_page:
        this.#fetch();
        return;
      case frameCodes.page:
        this.#caughtUp(data);
        return;
      default:
    }
  }

  #fetch(): void {
    const conversation_id = this.#options.conversationId;
    const cursor = { after_seq: this.#peerSeq, after_at_ms: 0 };
    this.#socket.send(encodeFrame('fetch', { request_id: 2, conversation_id, ...cursor, limit: 200 }));
  }

  #caughtUp(data: Buffer): void {
    const { name, body: page } = decodeFrame(data);
    if (name !== 'page') return;
    const { measurement, peerId } = this.#options;
    for (const { sender_id, seq, encrypted_body: body } of page.messages) {
      if (sender_id === peerId && seq > this.#peerSeq)
        measurement.delivered(body.readDoubleBE(8), body.readDoubleBE(0));
    }
    this.#peerSeq = Math.max(this.#peerSeq, page.covered_to);
    this.#socket.send(this.#delivered.upTo(this.#peerSeq));
    if (page.more) this.#fetch();
  }

  close(): void {
    this.#socket.terminate();
  }
}
