/**
 * Who is connected where: user + device → gateway and connection id. TTL 5 min, renewed by heartbeats in one pipelined write per
 * tick; removed on close only by the connection that wrote it (design rule 17).
 */
import type { SessionEntry, SessionLookup } from '@parley/streams/delivery/delivery';

export const sessionTtlMs = 5 * 60_000;

export interface SessionKey {
  readonly userId: string;
  readonly deviceId: string;
}

/**
 * `renewed`: the entry was this connection's. `rewritten`: it was missing or older, now it is this connection's; ask the device to
 * sync again. `superseded`: a newer connection has it; close this one.
 */
export type Renewal = 'renewed' | 'rewritten' | 'superseded';

export interface SessionStore extends SessionLookup {
  /** Writes the entry and resolves to a connection id greater than any before of the device. */
  register(key: SessionKey, gatewayId: string): Promise<number>;
  /** One round trip for the list; results in the order given. */
  renew(entries: readonly SessionEntry[]): Promise<readonly Renewal[]>;
  /** Only entries that still carry this connection id are removed. */
  remove(entries: readonly SessionEntry[]): Promise<void>;
  /** Denies a device until its access tokens have run out, takes its entry away, and then tells the gateways (revocations.ts). */
  revokeDevice(key: SessionKey, ttlMs: number): Promise<void>;
  isRevoked(deviceId: string): Promise<boolean>;
  close(): Promise<void>;
}
