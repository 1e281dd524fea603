/** A presence ledger in memory that can lose its data and be down. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { PresenceLease, PresenceLedger, PresenceOfUser } from './presence-ports.ts';

interface DeviceState {
  readonly connectionId: number;
  readonly online: boolean;
  readonly atMs: number;
}

const leaseKey = ({ deviceId, connectionId }: PresenceLease) => `${deviceId}/${connectionId}`;

export class MemoryLedger implements PresenceLedger {
  readonly watching = new Map<string, string[]>();
  isDown = false;
  readonly #leases = new Map<number, Map<string, { lease: PresenceLease; expiredAtMs: number }>>();
  readonly #users = new Map<string, Map<string, DeviceState>>();
  readonly #leaseMs: number;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  renew(partition: number, lease: PresenceLease, nowMs: number): void {
    const held = this.#leases.get(partition) ?? new Map();
    this.#leases.set(partition, held);
    held.set(leaseKey(lease), { lease, expiredAtMs: nowMs + this.#leaseMs });
  }

  loseData(): void {
    this.#leases.clear();
    this.#users.clear();
  }

  isOnline(userId: string): boolean {
    return [...(this.#users.get(userId)?.values() ?? [])].some(({ online }) => online);
  }

  async connect(lease: PresenceLease, atMs: number): Promise<PresenceOfUser> {
    return this.#change(lease, atMs, true);
  }

  async disconnect(lease: PresenceLease, atMs: number): Promise<PresenceOfUser> {
    return this.#change(lease, atMs, false);
  }

  #change({ userId, deviceId, connectionId }: PresenceLease, atMs: number, online: boolean): PresenceOfUser {
    this.#check();
    const devices = this.#users.get(userId) ?? new Map<string, DeviceState>();
    this.#users.set(userId, devices);
    const held = devices.get(deviceId);
    const isNewer = held === undefined || connectionId > held.connectionId;
    if (isNewer || (connectionId === held.connectionId && held.online && !online)) {
      devices.set(deviceId, { connectionId, online, atMs });
    }
    if (this.isOnline(userId)) return { userId, status: 'online', lastSeenMs: null };
    return { userId, status: 'offline', lastSeenMs: Math.max(...[...devices.values()].map((one) => one.atMs)) };
  }

  async watchers(userId: string): Promise<readonly string[]> {
    this.#check();
    return this.watching.get(userId) ?? [];
  }

  async expired(partition: number, nowMs: number, limit: number) {
    this.#check();
    const held = [...(this.#leases.get(partition)?.values() ?? [])];
    const over = held.filter(({ expiredAtMs }) => expiredAtMs <= nowMs).slice(0, limit);
    return over.map(({ lease, expiredAtMs }) => ({ ...lease, expiredAtMs }));
  }

  async missing(partition: number, leases: readonly PresenceLease[]): Promise<readonly PresenceLease[]> {
    this.#check();
    return leases.filter((lease) => !this.#leases.get(partition)?.has(leaseKey(lease)));
  }

  async release(partition: number, lease: PresenceLease): Promise<void> {
    this.#check();
    this.#leases.get(partition)?.delete(leaseKey(lease));
  }

  #check(): void {
    if (this.isDown) throw new ParleyError('unavailable');
  }
}
