/** What is stored of a secret: its hash. The secrets are random and long, so that one round is enough. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function secretHash(secret: Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
