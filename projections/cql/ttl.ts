/** How long a row has left: at least a second, because a TTL of 0 would mean for ever. */
export function ttlSeconds(expiresAtMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((expiresAtMs - nowMs) / 1_000));
}
