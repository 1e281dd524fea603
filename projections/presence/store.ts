/** Leases of connections, what is known of users' presence, and who watches whom (design rule 19). */
import type { PresenceStatus } from '@parley/schemas/generated/events';

/** A heartbeat renews a lease for this long; with a sweep every 5 s a silent device is offline within 60 s. */
export const leaseMs = 50_000;

/** A gateway that does not repeat its interest in a user for this long is forgotten. */
export const watchMs = 5 * 60_000;

/** Devices that are remembered per user: beyond it, those that went offline first are dropped. */
export const maxPresenceDevices = 32;

export interface Lease {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: number;
  readonly gatewayId: string;
}

export interface UserPresence {
  readonly userId: string;
  readonly status: PresenceStatus;
  /** Null while online or when unknown. */
  readonly lastSeenMs: number | null;
}

export interface PresenceStore {
  /** One round trip for the list. Partition is the presence topic's, of the user id. */
  renew(leases: ReadonlyArray<Lease & { readonly partition: number }>, nowMs: number): Promise<void>;
  release(partition: number, lease: Lease): Promise<void>;
  /** Leases of the partition that ran out at or before the time, oldest first. */
  expired(
    partition: number,
    nowMs: number,
    limit: number,
  ): Promise<ReadonlyArray<Lease & { readonly expiredAtMs: number }>>;
  /** Of these, the ones that have no lease at all: after the store lost its data. */
  missing(partition: number, leases: readonly Lease[]): Promise<readonly Lease[]>;
  /** Which connections of a user are online; the presence processor alone writes it. Older connection ids never undo newer ones. */
  connect(lease: Lease, atMs: number): Promise<UserPresence>;
  /** Ends only the connection named; resolves to the user's presence afterwards. */
  disconnect(lease: Lease, atMs: number): Promise<UserPresence>;
  read(userIds: readonly string[]): Promise<readonly UserPresence[]>;
  /** A gateway wants to hear of these users; forgotten after 5 min without being said again. */
  watch(gatewayId: string, userIds: readonly string[], nowMs: number): Promise<void>;
  unwatch(gatewayId: string, userIds: readonly string[]): Promise<void>;
  watchers(userId: string, nowMs: number): Promise<readonly string[]>;
  close(): Promise<void>;
}
