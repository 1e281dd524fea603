/**
 * Cuts what a server sends on a WebSocket into frames, with no copy and no object for a frame that lies whole in what was read.
 *
 * A server's frames are not masked and, from Parley, never fragmented. `onFrame` is given the buffer and where the payload stands in
 * it; the buffer is read into again after the call. Only the beginning of a frame whose end is still to come is kept.
 */

export type OnFrame = (bytes: Buffer, from: number, to: number) => void;

const binaryFrame = 0x82;
const closeFrame = 0x88;
const shortLength = 126;
const longLength = 127;

export class ServerFrames {
  readonly #onFrame: OnFrame;
  #kept: Buffer | null = null;
  /** The server has said that it closes: nothing comes after that. */
  #isOver = false;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** @throws on what is no binary frame: Parley's server sends no other, but to say that it closes, and then the socket ends */
  take(read: Buffer, length: number): void {
    if (this.#isOver) return;
    if (this.#kept === null) {
      this.#cut(read, length);
      return;
    }
    const joined = Buffer.concat([this.#kept, read.subarray(0, length)]);
    this.#kept = null;
    this.#cut(joined, joined.length);
  }

  #cut(bytes: Buffer, length: number): void {
    let at = 0;
    while (length - at >= 2) {
      if (bytes[at] === closeFrame) {
        this.#isOver = true;
        return;
      }
      if (bytes[at] !== binaryFrame) throw new Error(`a WebSocket frame begins with ${bytes[at]}`);
      let payload = bytes[at + 1]!;
      let from = at + 2;
      if (payload === shortLength) {
        if (length - at < 4) break;
        payload = bytes.readUInt16BE(at + 2);
        from = at + 4;
      } else if (payload === longLength) {
        if (length - at < 10) break;
        payload = bytes.readUInt32BE(at + 6); // A frame has far less than 4 GiB.
        from = at + 10;
      }
      if (length - from < payload) break;
      this.#onFrame(bytes, from, from + payload);
      at = from + payload;
    }
    if (at < length) this.#kept = Buffer.from(bytes.subarray(at, length));
  }
}

const maskBytes = 4;

/** A client's frame: with a mask of zeros, which leaves the payload as it is. */
export function clientFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const isShort = length < shortLength;
  const head = Buffer.alloc((isShort ? 2 : 4) + maskBytes);
  head[0] = binaryFrame;
  head[1] = 0x80 | (isShort ? length : shortLength);
  if (!isShort) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}
