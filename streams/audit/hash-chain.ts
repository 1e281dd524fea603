/**
 * The chain: h₀ = SHA-256(topic, partition); hₙ = SHA-256(hₙ₋₁ ‖ offset ‖ digest of the record).
 *
 * Whoever changes, removes, adds or moves a record changes every h after it.
 */
import { sha256 } from './sha256.ts';

const offsetBytes = 8;

/** The chain before the first record of a partition: no two partitions have the same. */
export function chainStart(topic: string, partition: number): Buffer {
  return sha256(Buffer.from(`parley audit chain of ${topic}/${partition}`, 'utf8'));
}

export function extendChain(chain: Buffer, offset: number, digest: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(chain.length + offsetBytes + digest.length);
  chain.copy(bytes, 0);
  bytes.writeBigInt64BE(BigInt(offset), chain.length);
  digest.copy(bytes, chain.length + offsetBytes);
  return sha256(bytes);
}
