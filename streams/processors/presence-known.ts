/**
 * Which connections of a partition are online as chat.presence says: what a lease must exist for.
 *
 * Events may be applied in any order and more than once, because what is replayed from the topic comes beside what is live: of a
 * device's connections the greatest id counts, and its end beats its beginning. Ends are kept only while a replay is under way,
 * as nothing older can come after it. At the bound the connection that came first is forgotten, and counted.
 */
import type { PresenceChanged } from '@parley/schemas/generated/events';
import type { PresenceLease } from './presence-ports.ts';

export interface KnownConnection {
  readonly lease: PresenceLease;
  readonly online: boolean;
  readonly atMs: number;
  /** Since when it is seen to have no lease. */
  missingSinceMs: number | null;
}

export const leaseOf = (event: PresenceChanged): PresenceLease => ({
  userId: event.user_id,
  deviceId: event.device_id,
  connectionId: event.connection_id,
  gatewayId: event.gateway_id,
});

export class KnownConnections {
  readonly #byDevice = new Map<string, KnownConnection>();
  readonly #maxConnections: number;
  readonly #forgotten: () => void;
  #replaying = true;

  constructor(maxConnections: number, forgotten: () => void) {
    this.#maxConnections = maxConnections;
    this.#forgotten = forgotten;
  }

  get size(): number {
    return this.#byDevice.size;
  }

  get isComplete(): boolean {
    return !this.#replaying;
  }

  apply(event: PresenceChanged): void {
    const key = `${event.user_id}/${event.device_id}`;
    const online = event.status === 'online';
    const known = this.#byDevice.get(key);
    if (known !== undefined) {
      const isOlder = event.connection_id < known.lease.connectionId;
      const changesNothing = event.connection_id === known.lease.connectionId && (online || !known.online);
      if (isOlder || changesNothing) return;
      this.#byDevice.delete(key);
    }
    if (!online && !this.#replaying) return;
    this.#byDevice.set(key, { lease: leaseOf(event), online, atMs: event.at_ms, missingSinceMs: null });
    if (this.#byDevice.size > this.#maxConnections) this.#forgetFirst();
  }

  #forgetFirst(): void {
    for (const [key, { online }] of this.#byDevice) {
      this.#byDevice.delete(key);
      if (online) this.#forgotten();
      return;
    }
  }

  /** Everything from before was applied. */
  replayed(): void {
    this.#replaying = false;
    for (const [key, { online }] of this.#byDevice) if (!online) this.#byDevice.delete(key);
  }

  /** Forgets a connection, unless the device has another by now. */
  remove(lease: PresenceLease): void {
    const key = `${lease.userId}/${lease.deviceId}`;
    if (this.#byDevice.get(key)?.lease.connectionId === lease.connectionId) this.#byDevice.delete(key);
  }

  /** Up to `limit` connections, those looked at longest ago first, and besides all that were missing a lease. */
  toCheck(limit: number): KnownConnection[] {
    const chosen: KnownConnection[] = [];
    const turned: [string, KnownConnection][] = [];
    for (const [key, connection] of this.#byDevice) {
      const isSuspect = connection.missingSinceMs !== null;
      if (!isSuspect && turned.length >= limit) continue;
      chosen.push(connection);
      if (!isSuspect) turned.push([key, connection]);
    }
    if (chosen.length === this.#byDevice.size) return chosen;
    // To the end of the map's order, so that the others come first next time.
    for (const [key, connection] of turned) {
      this.#byDevice.delete(key);
      this.#byDevice.set(key, connection);
    }
    return chosen;
  }
}
