/**
 * Kafka's partitioner: which partition a key belongs to, the same in every adapter and every Kafka client.
 *
 * The hash is murmur2 with Kafka's seed over the key's UTF-8 bytes; the sign bit is dropped and the rest taken modulo the number
 * of partitions.
 */
const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;
const shift = 24;

/** The hash as a signed 32-bit integer, as Kafka's `Utils.murmur2` gives it. */
export function murmur2(key: string | Uint8Array): number {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : key;
  let state = seed ^ bytes.length;
  const words = bytes.length & ~3;
  for (let at = 0; at < words; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> shift;
    word = Math.imul(word, multiplier);
    state = Math.imul(state, multiplier) ^ word;
  }
  const rest = bytes.length & 3;
  if (rest === 3) state ^= bytes[words + 2]! << 16;
  if (rest >= 2) state ^= bytes[words + 1]! << 8;
  if (rest >= 1) state = Math.imul(state ^ bytes[words]!, multiplier);
  state ^= state >>> 13;
  state = Math.imul(state, multiplier);
  return (state ^ (state >>> 15)) | 0;
}

export function partitionOf(key: string | Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
