/**
 * The one source of chance of a run: sfc32, seeded by a number.
 *
 * `fork` gives a source of its own to a part of the world, named, so that one more draw in one part leaves the others as they were.
 */
import type { Random } from '@parley/schemas/environment/random';
import { murmur2 } from '@parley/streams/log/partitioner';

export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  readonly #name: string;

  constructor(seed: number, name = 'run') {
    this.#name = `${seed}/${name}`;
    this.#a = murmur2(`${this.#name}/a`);
    this.#b = murmur2(`${this.#name}/b`);
    this.#c = murmur2(`${this.#name}/c`);
    for (let round = 0; round < 12; round++) this.#word();
  }

  fork(name: string): SeededRandom {
    return new SeededRandom(murmur2(`${this.#name}/${name}`), name);
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  next(): number {
    return (this.#word() * 2 ** 21 + (this.#word() >>> 11)) / 2 ** 53;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.#word() & 0xff;
    return bytes;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  /** Small for the most part, and now and then near the greatest: how networks and stores take their time. */
  delay(mostMs: number): number {
    const part = this.next();
    return Math.floor(part * part * part * (mostMs + 1));
  }

  /** A random UUID, version 4. */
  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Buffer.from(bytes).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}
