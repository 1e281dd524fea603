/**
 * Presence of one process: the same rules as the Redis adapter's, on maps, by the caller's time.
 *
 * Users are bounded: when more than `maxUsers` are known, those that have been offline for longest are forgotten, as a user
 * nobody has heard of. Watchers that ran out are swept each time the number of watched users has doubled.
 */
import { type Lease, leaseMs, maxPresenceDevices, type PresenceStore, type UserPresence, watchMs } from './store.ts';

interface HeldLease {
  readonly lease: Lease;
  expiresAtMs: number;
}

interface DeviceState {
  readonly connectionId: number;
  readonly online: boolean;
  readonly atMs: number;
}

interface UserState {
  lastSeenMs: number | null;
  readonly devices: Map<string, DeviceState>;
}

const defaultMaxUsers = 1_000_000;
const firstSweepAt = 1_024;

export class MemoryPresenceStore implements PresenceStore {
  readonly #maxUsers: number;
  readonly #leases = new Map<number, Map<string, HeldLease>>();
  /** In order of the last change, the oldest first. */
  readonly #users = new Map<string, UserState>();
  /** User → gateway → when it is forgotten. */
  readonly #watchers = new Map<string, Map<string, number>>();
  #sweepAt = firstSweepAt;

  constructor(options: { readonly maxUsers?: number } = {}) {
    this.#maxUsers = options.maxUsers ?? defaultMaxUsers;
  }

  async renew(leases: ReadonlyArray<Lease & { readonly partition: number }>, nowMs: number): Promise<void> {
    for (const lease of leases) {
      const { partition, userId, deviceId, connectionId, gatewayId } = lease;
      const held = mapIn(this.#leases, partition);
      const key = keyOf(lease);
      const known = held.get(key);
      if (known !== undefined) known.expiresAtMs = nowMs + leaseMs;
      else held.set(key, { lease: { userId, deviceId, connectionId, gatewayId }, expiresAtMs: nowMs + leaseMs });
    }
  }

  async release(partition: number, lease: Lease): Promise<void> {
    this.#leases.get(partition)?.delete(keyOf(lease));
  }

  async expired(
    partition: number,
    nowMs: number,
    limit: number,
  ): Promise<ReadonlyArray<Lease & { readonly expiredAtMs: number }>> {
    const ended: Array<Lease & { readonly expiredAtMs: number }> = [];
    for (const { lease, expiresAtMs } of this.#leases.get(partition)?.values() ?? []) {
      if (expiresAtMs <= nowMs) ended.push({ ...lease, expiredAtMs: expiresAtMs });
    }
    return ended.sort((one, other) => one.expiredAtMs - other.expiredAtMs).slice(0, limit);
  }

  async missing(partition: number, leases: readonly Lease[]): Promise<readonly Lease[]> {
    const held = this.#leases.get(partition);
    return leases.filter((lease) => !held?.has(keyOf(lease)));
  }

  async connect(lease: Lease, atMs: number): Promise<UserPresence> {
    return this.#change(lease, atMs, true);
  }

  async disconnect(lease: Lease, atMs: number): Promise<UserPresence> {
    return this.#change(lease, atMs, false);
  }

  async read(userIds: readonly string[]): Promise<readonly UserPresence[]> {
    return userIds.map((userId) => presenceOf(userId, this.#users.get(userId)));
  }

  async watch(gatewayId: string, userIds: readonly string[], nowMs: number): Promise<void> {
    for (const userId of userIds) {
      mapIn(this.#watchers, userId).set(gatewayId, nowMs + watchMs);
    }
    this.#sweepWatchersIfGrown(nowMs);
  }

  async unwatch(gatewayId: string, userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) {
      const gateways = this.#watchers.get(userId);
      gateways?.delete(gatewayId);
      if (gateways?.size === 0) this.#watchers.delete(userId);
    }
  }

  async watchers(userId: string, nowMs: number): Promise<readonly string[]> {
    const gateways: string[] = [];
    for (const [gatewayId, untilMs] of this.#watchers.get(userId) ?? []) {
      if (untilMs > nowMs) gateways.push(gatewayId);
    }
    return gateways;
  }

  async close(): Promise<void> {
    this.#leases.clear();
    this.#users.clear();
    this.#watchers.clear();
  }

  #change(lease: Lease, atMs: number, online: boolean): UserPresence {
    const user = this.#users.get(lease.userId) ?? { lastSeenMs: null, devices: new Map<string, DeviceState>() };
    const held = user.devices.get(lease.deviceId);
    if (held === undefined || applies(held, lease.connectionId, atMs, online)) {
      user.devices.delete(lease.deviceId);
      user.devices.set(lease.deviceId, { connectionId: lease.connectionId, online, atMs });
      if (!online) user.lastSeenMs = Math.max(user.lastSeenMs ?? 0, atMs);
      forgetOldestDevice(user.devices, lease.deviceId);
      this.#users.delete(lease.userId);
      this.#users.set(lease.userId, user);
      this.#forgetOldestUser();
    }
    return presenceOf(lease.userId, user);
  }

  #forgetOldestUser(): void {
    if (this.#users.size <= this.#maxUsers) return;
    for (const [userId, user] of this.#users) {
      if (isOnline(user)) continue;
      this.#users.delete(userId);
      return;
    }
  }

  #sweepWatchersIfGrown(nowMs: number): void {
    if (this.#watchers.size < this.#sweepAt) return;
    for (const [userId, gateways] of this.#watchers) {
      for (const [gatewayId, untilMs] of gateways) if (untilMs <= nowMs) gateways.delete(gatewayId);
      if (gateways.size === 0) this.#watchers.delete(userId);
    }
    this.#sweepAt = Math.max(firstSweepAt, 2 * this.#watchers.size);
  }
}

/** The map under the key, made if there is none. */
function mapIn<K, V>(maps: Map<K, Map<string, V>>, key: K): Map<string, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

/** An end of the connection held always applies; a beginning only if it is later than the end. */
function applies(held: DeviceState, connectionId: number, atMs: number, online: boolean): boolean {
  if (connectionId !== held.connectionId) return connectionId > held.connectionId;
  return online ? !held.online && atMs > held.atMs : held.online;
}

function forgetOldestDevice(devices: Map<string, DeviceState>, except: string): void {
  if (devices.size <= maxPresenceDevices) return;
  let oldest: string | null = null;
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (const [deviceId, state] of devices) {
    if (state.online || deviceId === except || state.atMs >= oldestAtMs) continue;
    oldest = deviceId;
    oldestAtMs = state.atMs;
  }
  if (oldest !== null) devices.delete(oldest);
}

function isOnline(user: UserState): boolean {
  for (const device of user.devices.values()) if (device.online) return true;
  return false;
}

function presenceOf(userId: string, user: UserState | undefined): UserPresence {
  if (user === undefined) return { userId, status: 'offline', lastSeenMs: null };
  if (isOnline(user)) return { userId, status: 'online', lastSeenMs: null };
  return { userId, status: 'offline', lastSeenMs: user.lastSeenMs };
}

function keyOf(lease: Lease): string {
  return `${lease.userId}|${lease.deviceId}|${lease.connectionId}|${lease.gatewayId}`;
}
