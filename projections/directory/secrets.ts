/** What is stored of a secret: its hash. The secrets are random and long, so that one round is enough. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function secretHash(...parts: ReadonlyArray<Uint8Array | string>): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
