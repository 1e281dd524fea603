/** The devices of users: added by registrations, looked at, changed and revoked by their users. A revoked one stays as a row. */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Kysely, Transaction } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import type { Device, NewDevice } from './directory.ts';
import type { DirectoryTables } from './tables.ts';

export const maxDevicesPerUser = 10;
export const maxDeviceNameChars = 100;
export const maxKeyBundleBytes = 16 * 1_024;
export const maxPushTokenChars = 4_096;
const maxRevokedPerRead = 10_000;

export interface RevokedDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly revokedAtMs: number;
}

export class Devices {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;

  constructor(options: { readonly database: DirectoryDatabase; readonly clock: Clock }) {
    this.#database = options.database;
    this.#clock = options.clock;
  }

  /** Not the revoked ones; the oldest first. */
  async list(userId: string): Promise<readonly Device[]> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('devices')
        .select(['device_id', 'user_id', 'name', 'platform', 'created_at'])
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .orderBy('created_at')
        .orderBy('device_id')
        .execute(),
    );
    return rows.map((row) => ({
      userId: row.user_id,
      deviceId: row.device_id,
      name: row.name,
      platform: row.platform,
      createdAtMs: row.created_at.getTime(),
    }));
  }

  /** Resolves to the device afterwards; to null if the user has none of that id. */
  async rename(userId: string, deviceId: string, name: string): Promise<Device | null> {
    const row = await this.#database.run((db) =>
      db
        .updateTable('devices')
        .set({ name })
        .where('device_id', '=', deviceId)
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .returning(['platform', 'created_at'])
        .executeTakeFirst(),
    );
    return row === undefined
      ? null
      : { userId, deviceId, name, platform: row.platform, createdAtMs: row.created_at.getTime() };
  }

  /** @throws ParleyError `device_revoked` */
  async replaceKeys(deviceId: string, keyBundle: Buffer): Promise<void> {
    const { numUpdatedRows } = await this.#database.run((db) =>
      db
        .updateTable('devices')
        .set({ key_bundle: keyBundle })
        .where('device_id', '=', deviceId)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow(),
    );
    if (numUpdatedRows === 0n) throw new ParleyError('device_revoked');
  }

  /** @throws ParleyError `device_revoked` */
  async replacePushToken(deviceId: string, pushToken: string | null): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      if (pushToken !== null) await takePushToken(transaction, pushToken);
      const { numUpdatedRows } = await transaction
        .updateTable('devices')
        .set({ push_token: pushToken })
        .where('device_id', '=', deviceId)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) throw new ParleyError('device_revoked');
    });
  }

  /** The push gateway said that the token is no good: removed, unless the device has another one by now. */
  async dropPushToken(deviceId: string, pushToken: string): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable('devices')
        .set({ push_token: null })
        .where('device_id', '=', deviceId)
        .where('push_token', '=', pushToken)
        .execute(),
    );
  }

  /** True if the user has, or had, the device; revoking twice changes nothing. */
  async revoke(userId: string, deviceId: string): Promise<boolean> {
    return this.#database.run(async (db) => {
      const owned = await db
        .selectFrom('devices')
        .select('device_id')
        .where('device_id', '=', deviceId)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (owned === undefined) return false;
      await revokeDevice(db, deviceId, this.#clock.nowMs());
      return true;
    });
  }

  /** Devices revoked at or after the time: what the denylist must hold. */
  async revokedSince(sinceMs: number): Promise<readonly RevokedDevice[]> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('devices')
        .select(['user_id', 'device_id', 'revoked_at'])
        .where('revoked_at', '>=', new Date(sinceMs))
        .orderBy('revoked_at', 'desc')
        .limit(maxRevokedPerRead)
        .execute(),
    );
    return rows.map((row) => ({
      userId: row.user_id,
      deviceId: row.device_id,
      revokedAtMs: row.revoked_at?.getTime() ?? sinceMs,
    }));
  }
}

/**
 * The time of the first revocation stays; the push token goes at once, and so does what its refresh token is known by. The family
 * stays: whoever has it may be told that the device was revoked.
 */
export async function revokeDevice(db: Kysely<DirectoryTables>, deviceId: string, nowMs: number): Promise<void> {
  await db
    .updateTable('refresh_tokens')
    .set({ token_hash: Buffer.alloc(0), expires_at: new Date(nowMs) })
    .where('device_id', '=', deviceId)
    .execute();
  await db
    .updateTable('devices')
    .set({ revoked_at: new Date(nowMs), push_token: null })
    .where('device_id', '=', deviceId)
    .where('revoked_at', 'is', null)
    .execute();
}

/**
 * Adds a device of a user whose row the transaction holds locked. At the limit, devices that can't come back because their
 * refresh token has expired make room.
 * @throws ParleyError `too_many_devices`, `banned`
 */
export async function addDevice(
  transaction: Transaction<DirectoryTables>,
  device: NewDevice & { readonly userId: string; readonly deviceId: string },
  nowMs: number,
): Promise<void> {
  await requireNotBanned(transaction, device.userId);
  const held = await transaction
    .selectFrom('devices')
    .leftJoin('refresh_tokens', 'refresh_tokens.device_id', 'devices.device_id')
    .select(['devices.device_id', 'expires_at'])
    .where('user_id', '=', device.userId)
    .where('revoked_at', 'is', null)
    .execute();
  const lapsed = held.filter((one) => one.expires_at === null || one.expires_at.getTime() <= nowMs);
  if (held.length >= maxDevicesPerUser) {
    if (lapsed.length === 0) throw new ParleyError('too_many_devices');
    for (const one of lapsed) await revokeDevice(transaction, one.device_id, nowMs);
  }
  if (device.pushToken !== null) await takePushToken(transaction, device.pushToken);
  await transaction
    .insertInto('devices')
    .values({
      device_id: device.deviceId,
      user_id: device.userId,
      platform: device.platform,
      name: device.name,
      key_bundle: device.keyBundle,
      push_token: device.pushToken,
      created_at: new Date(nowMs),
      revoked_at: null,
    })
    .execute();
}

async function requireNotBanned(transaction: Transaction<DirectoryTables>, userId: string): Promise<void> {
  const user = await transaction
    .selectFrom('users')
    .select('banned_at')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (user !== undefined && user.banned_at !== null) throw new ParleyError('banned');
}

/** A push token is one installation's: whoever had it before, perhaps another user of the same phone, gets nothing there any more. */
async function takePushToken(transaction: Transaction<DirectoryTables>, pushToken: string): Promise<void> {
  await transaction.updateTable('devices').set({ push_token: null }).where('push_token', '=', pushToken).execute();
}
