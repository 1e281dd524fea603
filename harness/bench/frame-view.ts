/**
 * The few fields that a load generator needs of a frame, read where they stand in its bytes (docs/PROTOCOL.md), and its two frames.
 *
 * A generator that decodes whole frames spends its core on what it throws away, and then measures itself. The fields before those
 * wanted here are ids of a fixed length, so their places are known; frame-view.test.ts holds this against the real codec.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';

const codeBytes = 1;
/** One byte of length, 36 characters. */
const uuidBytes = 37;
/** One byte of length, 26 characters. */
const ulidBytes = 27;
const maxLongBytes = 10;

/** Reads zigzag varints one after another; one instance is used for all frames. */
class FrameView {
  #bytes: Buffer = Buffer.alloc(0);
  at = 0;

  of(bytes: Buffer, at: number): this {
    this.#bytes = bytes;
    this.at = at;
    return this;
  }

  long(): number {
    let value = 0;
    let unit = 1;
    let byte: number;
    do {
      byte = this.#bytes[this.at++]!;
      value += (byte & 0x7f) * unit;
      unit *= 128;
    } while (byte >= 0x80);
    return value / 2;
  }
}

const view = new FrameView();

/** What a device must know of a live message: its place, and where its body stands. */
export interface MessageView {
  seq: number;
  bodyAt: number;
  bodyLength: number;
}

/** Of a `message` frame that begins at `from`, into a view that is used again. */
export function viewMessage(frame: Buffer, into: MessageView, from = 0): void {
  const reader = view.of(frame, from + codeBytes + uuidBytes);
  into.seq = reader.long();
  reader.long(); // ordinal
  reader.at += ulidBytes + 2 * uuidBytes;
  reader.long(); // message_type
  into.bodyLength = reader.long();
  into.bodyAt = reader.at;
}

/** The seq of an `accepted` frame. */
export function acceptedSeq(frame: Buffer): number {
  return view.of(frame, codeBytes + uuidBytes + ulidBytes).long();
}

/** The seq of a `receipt` frame, of whatever kind: both include that the device has it. */
export function receiptSeq(frame: Buffer): number {
  const reader = view.of(frame, codeBytes + 2 * uuidBytes);
  reader.long(); // kind
  return reader.long();
}

/** Makes `delivered` frames of one conversation. */
export class DeliveredFrames {
  readonly #prefix: Buffer;

  constructor(conversationId: string) {
    this.#prefix = encodeFrame('delivered', { conversation_id: conversationId, seq: 0 }).subarray(0, -1);
  }

  upTo(seq: number): Buffer {
    const frame = Buffer.allocUnsafe(this.#prefix.length + maxLongBytes);
    this.#prefix.copy(frame);
    let at = this.#prefix.length;
    let rest = seq * 2;
    while (rest >= 0x80) {
      frame[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    frame[at++] = rest;
    return frame.subarray(0, at);
  }
}
