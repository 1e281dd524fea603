/**
 * A bounded cache over a UserDirectory: an answer is good for a minute, and for longer while SQL does not answer.
 *
 * Only what exists is kept. That somebody does not exist, or has no device, is asked afresh each time, so that a cache never
 * refuses a user who has just registered (design rule 4). Push targets are never kept: a revoked device must get nothing from
 * the moment on that SQL says so.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { hasCode } from '@parley/schemas/errors/parley-error';
import type { Platform } from '@parley/schemas/generated/events';
import type { DeviceRef } from '@parley/streams/processors/ports';
import { LRUCache } from 'lru-cache';
import type { UserDirectory } from './directory.ts';

export const directoryCacheTtlMs = 60_000;
const defaultMaxUsers = 100_000;
/** Bounds one statement's parameters. */
const maxUsersPerRead = 1_000;

interface Kept<T> {
  readonly value: T;
  readonly readAtMs: number;
}

export interface CachedUserDirectoryOptions {
  readonly source: UserDirectory;
  readonly clock: Clock;
  readonly maxUsers?: number;
}

export class CachedUserDirectory implements UserDirectory {
  readonly #source: UserDirectory;
  readonly #clock: Clock;
  readonly #names: LRUCache<string, Kept<string>>;
  readonly #devices: LRUCache<string, Kept<readonly DeviceRef[]>>;

  constructor(options: CachedUserDirectoryOptions) {
    this.#source = options.source;
    this.#clock = options.clock;
    const max = options.maxUsers ?? defaultMaxUsers;
    this.#names = new LRUCache({ max });
    this.#devices = new LRUCache({ max });
  }

  async userExists(userId: string): Promise<boolean> {
    return (await this.displayName(userId)) !== null;
  }

  async displayName(userId: string): Promise<string | null> {
    const kept = this.#names.get(userId);
    const nowMs = this.#clock.nowMs();
    if (kept !== undefined && nowMs - kept.readAtMs < directoryCacheTtlMs) return kept.value;
    try {
      const value = await this.#source.displayName(userId);
      if (value === null) this.#names.delete(userId);
      else this.#names.set(userId, { value, readAtMs: nowMs });
      return value;
    } catch (error) {
      if (kept !== undefined && isOutage(error)) return kept.value;
      throw error;
    }
  }

  async devicesOf(userIds: readonly string[]): Promise<ReadonlyArray<readonly DeviceRef[]>> {
    const nowMs = this.#clock.nowMs();
    const found: Array<readonly DeviceRef[] | undefined> = [];
    const stale: number[] = [];
    for (let i = 0; i < userIds.length; i++) {
      const kept = this.#devices.get(userIds[i]!);
      found.push(kept?.value);
      if (kept === undefined || nowMs - kept.readAtMs >= directoryCacheTtlMs) stale.push(i);
    }
    for (let i = 0; i < stale.length; i += maxUsersPerRead) {
      await this.#read(userIds, stale.slice(i, i + maxUsersPerRead), found, nowMs);
    }
    return found.map((devices) => devices ?? []);
  }

  pushTarget(deviceId: string): Promise<{ readonly platform: Platform; readonly token: string | null } | null> {
    return this.#source.pushTarget(deviceId);
  }

  /** Reads the users at the indexes into `found`; what is known stays if SQL is away. */
  async #read(
    userIds: readonly string[],
    indexes: readonly number[],
    found: Array<readonly DeviceRef[] | undefined>,
    nowMs: number,
  ): Promise<void> {
    try {
      const read = await this.#source.devicesOf(indexes.map((index) => userIds[index]!));
      indexes.forEach((index, position) => {
        const value = read[position]!;
        found[index] = value;
        if (value.length === 0) this.#devices.delete(userIds[index]!);
        else this.#devices.set(userIds[index]!, { value, readAtMs: nowMs });
      });
    } catch (error) {
      if (!isOutage(error) || indexes.some((index) => found[index] === undefined)) throw error;
    }
  }
}

function isOutage(error: unknown): boolean {
  return hasCode(error, 'unavailable') || hasCode(error, 'overloaded');
}
