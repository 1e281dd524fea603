/**
 * The identities of users: which devices they have, and by which key each is known.
 *
 * Whoever encrypts for somebody keeps the `identityVersion` that they did it for. A higher one says that a device came, went or
 * changed its key since, however long one was away. The number is kept by a trigger (migration 4), whatever changes the devices.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql } from 'kysely';
import type { DirectoryDatabase } from './database.ts';

export interface IdentityOfUser {
  readonly userId: string;
  readonly identityVersion: number;
}

export interface DeviceIdentity {
  readonly deviceId: string;
  readonly keyBundle: Buffer;
  readonly identityKey: Buffer | null;
  readonly signedPrekey: Buffer | null;
}

export interface UserIdentity extends IdentityOfUser {
  readonly devices: readonly DeviceIdentity[];
}

export interface DeviceOfUser extends DeviceIdentity {
  readonly userId: string;
}

export class Identities {
  readonly #database: DirectoryDatabase;

  constructor(options: { readonly database: DirectoryDatabase }) {
    this.#database = options.database;
  }

  /** Of those that there are, in no order. */
  async versionsOf(userIds: readonly string[]): Promise<readonly IdentityOfUser[]> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('users')
        .select(['user_id', 'identity_version'])
        .where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`)
        .execute(),
    );
    return rows.map((row) => ({ userId: row.user_id, identityVersion: row.identity_version }));
  }

  /** @throws ParleyError `not_found` if there is no such user */
  async of(userId: string): Promise<UserIdentity> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('users')
        .leftJoin('devices', (join) =>
          join.onRef('devices.user_id', '=', 'users.user_id').on('devices.revoked_at', 'is', null),
        )
        .select(['identity_version', 'device_id', 'key_bundle', 'identity_key', 'signed_prekey'])
        .where('users.user_id', '=', userId)
        .orderBy('devices.created_at')
        .orderBy('device_id')
        .execute(),
    );
    if (rows.length === 0) throw new ParleyError('not_found');
    const devices: DeviceIdentity[] = [];
    for (const { device_id, key_bundle, identity_key, signed_prekey } of rows) {
      if (device_id === null || key_bundle === null) continue;
      devices.push({
        deviceId: device_id,
        keyBundle: key_bundle,
        identityKey: identity_key,
        signedPrekey: signed_prekey,
      });
    }
    return { userId, identityVersion: rows[0]!.identity_version, devices };
  }

  /**
   * The devices that these users had at the time, or have; the keys are those that each has, or had in the end. In order of user, and
   * of each in the order in which they came.
   */
  async devicesAt(userIds: readonly string[], atMs: number | null): Promise<readonly DeviceOfUser[]> {
    const at = atMs === null ? null : new Date(atMs);
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('devices')
        .select(['user_id', 'device_id', 'key_bundle', 'identity_key', 'signed_prekey'])
        .where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`)
        .where(({ and, or, eb }) =>
          at === null
            ? eb('revoked_at', 'is', null)
            : and([eb('created_at', '<=', at), or([eb('revoked_at', 'is', null), eb('revoked_at', '>', at)])]),
        )
        .orderBy('user_id')
        .orderBy('created_at')
        .orderBy('device_id')
        .execute(),
    );
    return rows.map((row) => ({
      userId: row.user_id,
      deviceId: row.device_id,
      keyBundle: row.key_bundle,
      identityKey: row.identity_key,
      signedPrekey: row.signed_prekey,
    }));
  }

  /** @throws ParleyError `device_revoked` */
  async replace(deviceId: string, identityKey: Buffer, signedPrekey: Buffer): Promise<void> {
    const { numUpdatedRows } = await this.#database.run((db) =>
      db
        .updateTable('devices')
        .set({ identity_key: identityKey, signed_prekey: signedPrekey })
        .where('device_id', '=', deviceId)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow(),
    );
    if (numUpdatedRows === 0n) throw new ParleyError('device_revoked');
  }
}
