/**
 * How long the engine keeps a row that disappears, in seconds.
 *
 * Engines count a TTL from the whole second in which the write came, so a row would be gone up to a second too early: one more is
 * asked for. Readers hide the row to the millisecond; the TTL only takes its bytes away.
 */
export function ttlSeconds(expiresAtMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((expiresAtMs - nowMs) / 1_000)) + 1;
}
