/**
 * Rows as bytes: fields one after another in a fixed order, without names. Numbers are doubles (every seq, time and write
 * timestamp is below 2^53), ids 16 bytes, text and blobs carry their length.
 *
 * A writer is used over and over: LMDB copies the bytes while `putSync` runs inside a transaction, so a row costs no allocation.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import { readUuid, uuidBytes, writeUuid } from './uuid-bytes.ts';

const absent = 0xffffffff;
const initialBytes = 4096;
/** UTF-16 to UTF-8 at its worst. */
const maxBytesPerChar = 3;

export class RowWriter {
  #bytes = Buffer.alloc(initialBytes);
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  #at = 0;

  start(): this {
    this.#at = 0;
    return this;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  count(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
    return this;
  }

  number(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
    return this;
  }

  /** Eight bytes whose order is the numbers' own, for keys. */
  ordered(value: number): this {
    invariant(Number.isSafeInteger(value) && value >= 0, 'a number in a key is a natural one');
    this.#reserve(8);
    this.#view.setUint32(this.#at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#at + 4, value % 2 ** 32);
    this.#at += 8;
    return this;
  }

  uuid(text: string): this {
    this.#reserve(uuidBytes);
    writeUuid(this.#bytes, this.#at, text);
    this.#at += uuidBytes;
    return this;
  }

  /** Characters below 128 without a length, for ids at the end of a key. */
  ascii(text: string): this {
    this.#reserve(text.length);
    this.#at += this.#bytes.write(text, this.#at, 'latin1');
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.count(absent);
    this.#reserve(4 + value.length * maxBytesPerChar);
    const length = this.#bytes.write(value, this.#at + 4, 'utf8');
    this.count(length);
    this.#at += length;
    return this;
  }

  blob(value: Uint8Array): this {
    this.#reserve(4 + value.length);
    this.count(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** What was written; valid until the next `start`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** A copy that stays. */
  copy(): Buffer {
    return Buffer.from(this.bytes());
  }
}

export class RowReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Nothing is left: what comes last in some rows is not in this one. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++]!;
  }

  count(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  number(): number {
    this.#at += 8;
    return this.#bytes.readDoubleBE(this.#at - 8);
  }

  ordered(): number {
    return this.count() * 2 ** 32 + this.count();
  }

  uuid(): string {
    this.#at += uuidBytes;
    return readUuid(this.#bytes, this.#at - uuidBytes);
  }

  ascii(length: number): string {
    this.#at += length;
    return this.#bytes.toString('latin1', this.#at - length, this.#at);
  }

  text(): string | null {
    const length = this.count();
    if (length === absent) return null;
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** A view of the row's bytes. */
  blob(): Buffer {
    const length = this.count();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** The key after every key that begins with the prefix (keys here are far shorter than the fill). */
export function endOfPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(64, 0xff)]);
}
