/**
 * Sessions of one process: the same rules as the Redis adapter's, on maps and the given clock.
 *
 * Nothing runs in the background. Expired entries are skipped by readers and taken away by a sweep over all of them each time
 * the number of users has doubled since the last sweep, so that its cost per registration is constant.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { SessionEntry } from '@parley/streams/delivery/delivery';
import { MemoryRevocations } from './revocations.memory.ts';
import { type Renewal, type SessionKey, type SessionStore, sessionTtlMs } from './store.ts';

interface Held {
  readonly entry: SessionEntry;
  expiresAtMs: number;
}

interface UserSessions {
  lastConnectionId: number;
  expiresAtMs: number;
  readonly devices: Map<string, Held>;
}

const firstSweepAt = 1_024;

export interface MemorySessionStoreOptions {
  readonly clock: Clock;
  readonly ttlMs?: number;
  /** Given where stores come and go and their listeners stay. */
  readonly revocations?: MemoryRevocations;
}

export class MemorySessionStore implements SessionStore {
  readonly revocations: MemoryRevocations;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #users = new Map<string, UserSessions>();
  readonly #revokedUntilMs = new Map<string, number>();
  #sweepAt = firstSweepAt;

  constructor(options: MemorySessionStoreOptions) {
    this.#clock = options.clock;
    this.#ttlMs = options.ttlMs ?? sessionTtlMs;
    this.revocations = options.revocations ?? new MemoryRevocations();
  }

  /** Users that are held, expired ones included: what the sweep keeps bounded. */
  get userCount(): number {
    return this.#users.size;
  }

  async register(key: SessionKey, gatewayId: string): Promise<number> {
    const nowMs = this.#clock.nowMs();
    this.#sweepIfGrown(nowMs);
    const known = this.#users.get(key.userId);
    const last = known !== undefined && known.expiresAtMs > nowMs ? known.lastConnectionId : 0;
    const connectionId = Math.max(last + 1, nowMs);
    this.#write({ ...key, gatewayId, connectionId }, nowMs);
    return connectionId;
  }

  async renew(entries: readonly SessionEntry[]): Promise<readonly Renewal[]> {
    const nowMs = this.#clock.nowMs();
    return entries.map((entry) => this.#renewOne(entry, nowMs));
  }

  async remove(entries: readonly SessionEntry[]): Promise<void> {
    for (const { userId, deviceId, connectionId } of entries) {
      const devices = this.#users.get(userId)?.devices;
      if (devices?.get(deviceId)?.entry.connectionId === connectionId) devices.delete(deviceId);
    }
  }

  async lookup(userIds: readonly string[]): Promise<ReadonlyArray<readonly SessionEntry[]>> {
    const nowMs = this.#clock.nowMs();
    return userIds.map((userId) => {
      const live: SessionEntry[] = [];
      for (const held of this.#users.get(userId)?.devices.values() ?? []) {
        if (held.expiresAtMs > nowMs) live.push(held.entry);
      }
      return live;
    });
  }

  async revokeDevice({ userId, deviceId }: SessionKey, ttlMs: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    for (const [revoked, untilMs] of this.#revokedUntilMs) {
      if (untilMs <= nowMs) this.#revokedUntilMs.delete(revoked);
    }
    this.#revokedUntilMs.set(deviceId, nowMs + ttlMs);
    this.#users.get(userId)?.devices.delete(deviceId);
    this.revocations.announce(deviceId);
  }

  async isRevoked(deviceId: string): Promise<boolean> {
    return (this.#revokedUntilMs.get(deviceId) ?? 0) > this.#clock.nowMs();
  }

  async close(): Promise<void> {
    this.#users.clear();
    this.#revokedUntilMs.clear();
  }

  #renewOne(entry: SessionEntry, nowMs: number): Renewal {
    const held = this.#users.get(entry.userId)?.devices.get(entry.deviceId);
    let renewal: Renewal = 'rewritten';
    if (held !== undefined && held.expiresAtMs > nowMs) {
      if (held.entry.connectionId > entry.connectionId) return 'superseded';
      if (held.entry.connectionId === entry.connectionId) renewal = 'renewed';
    }
    this.#write(entry, nowMs);
    return renewal;
  }

  /** Copies the entry when it is a new one: the caller's object may hold a socket. */
  #write({ userId, deviceId, gatewayId, connectionId }: SessionEntry, nowMs: number): void {
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = { lastConnectionId: 0, expiresAtMs: 0, devices: new Map() };
      this.#users.set(userId, user);
    }
    user.lastConnectionId = Math.max(user.lastConnectionId, connectionId);
    user.expiresAtMs = nowMs + this.#ttlMs;
    const held = user.devices.get(deviceId);
    if (held?.entry.connectionId === connectionId) {
      held.expiresAtMs = user.expiresAtMs;
    } else {
      const entry = { userId, deviceId, gatewayId, connectionId };
      user.devices.set(deviceId, { entry, expiresAtMs: user.expiresAtMs });
    }
  }

  #sweepIfGrown(nowMs: number): void {
    if (this.#users.size < this.#sweepAt) return;
    for (const [userId, user] of this.#users) {
      for (const [deviceId, held] of user.devices) {
        if (held.expiresAtMs <= nowMs) user.devices.delete(deviceId);
      }
      if (user.expiresAtMs <= nowMs) this.#users.delete(userId);
    }
    this.#sweepAt = Math.max(firstSweepAt, 2 * this.#users.size);
  }
}
