/**
 * A device of large groups in the load generator: a bare socket that reads of each message its seq and its number, and no more.
 *
 * All devices read into one buffer. A device keeps its cursor as docs/PROTOCOL.md says: a gap in seq, or a `resync`, makes it read pages.
 * It says `delivered` for what came within `acknowledgeEveryMs`, coalesced, as the protocol lets a client do.
 */

import { connect, type Socket } from 'node:net';
import { decodeFrame, encodeFrame, frameCodes } from '@parley/schemas/codec/frame-codec';
import { systemRandom } from '@parley/schemas/environment/system';
import type { PageFrame } from '@parley/schemas/generated/wire';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { plainSend } from '../world/plain-send.ts';
import { DeliveredFrames, type MessageView, viewMessage } from './frame-view.ts';
import { afterHandshake, handshakeRequest } from './handshake.ts';
import { clientFrame, ServerFrames } from './server-frames.ts';

export interface GroupLoad {
  /** The groups, whose members are the same. */
  readonly conversationIds: readonly string[];
  readonly bodyBytes: number;
  readonly acknowledgeEveryMs: number;
  /** Which of the groups a message was sent to. */
  groupOf(number: number): number;
  /** What came live. */
  delivered(device: number, run: number, number: number): void;
  caughtUp(device: number, run: number, number: number): void;
  accepted(): void;
  refused(code: string): void;
  /** A frame that is none of the device's business, by its name. */
  other(name: string): void;
  disconnected(): void;
}

const headerBytes = 8;
/** Well within the time after which a server gives a silent connection up. */
const pingEveryMs = 20_000;
const readBuffer = Buffer.allocUnsafe(262_144);
const view: MessageView = { seq: 0, bodyAt: 0, bodyLength: 0 };

/** What a device has of one group. */
class GroupCursor {
  readonly conversationId: string;
  readonly #delivered: DeliveredFrames;
  /** Everything up to here came. */
  seq = 0;
  saidSeq = 0;
  isFetching = false;
  isSynced = false;

  constructor(conversationId: string) {
    this.conversationId = conversationId;
    this.#delivered = new DeliveredFrames(conversationId);
  }

  /** Null: there is nothing new to say. */
  delivered(): Buffer | null {
    if (this.seq <= this.saidSeq) return null;
    this.saidSeq = this.seq;
    return this.#delivered.upTo(this.seq);
  }
}

export class GroupDevice {
  readonly #index: number;
  readonly #load: GroupLoad;
  readonly #groups: readonly GroupCursor[];
  readonly #frames = new ServerFrames((bytes, from, to) => this.#frame(bytes, from, to));
  readonly #body: Buffer;
  #socket!: Socket;
  #onSynced: (() => void) | null = null;
  #pingedAtMs = Date.now();
  /** The answer to the handshake so far; null once it was read. */
  #answer: Buffer | null = Buffer.alloc(0);

  private constructor(index: number, load: GroupLoad) {
    this.#index = index;
    this.#load = load;
    this.#body = Buffer.alloc(Math.max(headerBytes, load.bodyBytes), 'ciphertext');
    this.#groups = load.conversationIds.map((conversationId) => new GroupCursor(conversationId));
  }

  /** Resolves once it is connected and has what the groups hold. */
  static async connect(gatewayUrl: string, token: string, index: number, load: GroupLoad): Promise<GroupDevice> {
    const device = new GroupDevice(index, load);
    const { hostname, port } = new URL(gatewayUrl);
    await new Promise<void>((resolve, reject) => {
      device.#onSynced = resolve;
      device.#socket = connect({
        ...{ host: hostname, port: Number(port), noDelay: true },
        onread: { buffer: readBuffer, callback: (length) => device.#read(length) },
      });
      device.#socket.once('error', reject);
      device.#socket.once('close', () => reject(new Error('the server closed a connection')));
      device.#socket.write(handshakeRequest(hostname, token));
    });
    device.#socket.removeAllListeners('error').on('error', () => undefined); // Close follows, and is counted.
    device.#socket.removeAllListeners('close').on('close', () => load.disconnected());
    return device;
  }

  /** @param number of the message in the run */
  send(run: number, number: number): void {
    this.#body.writeUInt32BE(run, 0);
    this.#body.writeUInt32BE(number, 4);
    this.#say(
      encodeFrame(
        'send',
        plainSend({
          conversation_id: this.#load.conversationIds[this.#load.groupOf(number)]!,
          peer_id: null,
          message_id: makeMessageId(Date.now(), systemRandom),
          encrypted_body: this.#body,
        }),
      ),
    );
  }

  /** Says what is to be said from time to time: what came, and that the device is there. */
  acknowledge(): void {
    const nowMs = Date.now();
    if (nowMs - this.#pingedAtMs >= pingEveryMs) {
      this.#pingedAtMs = nowMs;
      this.#say(encodeFrame('ping', { client_time_ms: nowMs }));
    }
    for (const group of this.#groups) {
      const frame = group.delivered();
      if (frame !== null) this.#say(frame);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #say(frame: Buffer): void {
    this.#socket.write(clientFrame(frame));
  }

  #read(length: number): boolean {
    if (this.#answer === null) {
      this.#frames.take(readBuffer, length);
      return true;
    }
    this.#answer = Buffer.concat([this.#answer, readBuffer.subarray(0, length)]);
    const rest = afterHandshake(this.#answer);
    if (rest === null) return true;
    this.#answer = null;
    if (rest.length > 0) this.#frames.take(rest, rest.length);
    return true;
  }

  #frame(bytes: Buffer, from: number, to: number): void {
    if (bytes[from] !== frameCodes.message) {
      this.#rare(bytes.subarray(from, to));
      return;
    }
    viewMessage(bytes, view, from);
    if (view.bodyLength < headerBytes) return; // It tells of the group's making, and comes in a page as well.
    const number = bytes.readUInt32BE(view.bodyAt + 4);
    this.#came(this.#groups[this.#load.groupOf(number)]!, view.seq);
    this.#load.delivered(this.#index, bytes.readUInt32BE(view.bodyAt), number);
  }

  #came(group: GroupCursor, seq: number): void {
    if (seq === group.seq + 1) group.seq = seq;
    else if (seq > group.seq) this.#fetch(group);
  }

  #rare(bytes: Buffer): void {
    const { name, body } = decodeFrame(bytes);
    switch (name) {
      case 'hello':
      case 'inbox_page':
        for (const group of this.#groups) this.#fetch(group);
        return;
      case 'accepted':
        this.#came(this.#groupNamed(body.conversation_id), body.seq);
        this.#load.accepted();
        return;
      case 'refused':
      case 'error':
        this.#load.refused(body.code);
        return;
      case 'resync':
        // It was too slow for a moment, or the server was: that must be seen, and it catches up as any device does.
        this.#load.refused('resync');
        this.#say(encodeFrame('inbox', { request_id: 1, after: null, limit: 1 }));
        return;
      case 'page':
        this.#page(body);
        return;
      case 'pong':
        return;
      default:
        this.#load.other(name);
    }
  }

  #groupNamed(conversationId: string): GroupCursor {
    return this.#groups[this.#load.conversationIds.indexOf(conversationId)]!;
  }

  #page({ conversation_id, messages, covered_to, more }: PageFrame): void {
    for (const { encrypted_body: text } of messages) {
      if (text.length >= headerBytes) this.#load.caughtUp(this.#index, text.readUInt32BE(0), text.readUInt32BE(4));
    }
    const group = this.#groupNamed(conversation_id);
    group.seq = Math.max(group.seq, covered_to);
    group.isFetching = false;
    if (more) {
      this.#fetch(group);
      return;
    }
    group.isSynced = true;
    if (this.#onSynced === null || this.#groups.some(({ isSynced }) => !isSynced)) return;
    this.#onSynced();
    this.#onSynced = null;
  }

  #fetch(group: GroupCursor): void {
    if (group.isFetching) return;
    group.isFetching = true;
    const { conversationId: conversation_id, seq: after_seq } = group;
    this.#say(encodeFrame('fetch', { request_id: 2, conversation_id, after_seq, after_at_ms: 0, limit: 200 }));
  }
}
