/**
 * Public keys of devices: what a device hands in, and what others claim to write to it.
 *
 * All keys are opaque bytes that their device has signed. A one-time key is given away once, whoever asks at the same time: a claim
 * deletes the row that it answers with, and skips rows that another claim holds locked. When none is left, the device's key of
 * last resort is given, as often as it is needed. A device numbers its keys upwards; ids that were handed in before are passed over,
 * so that an upload that is sent again never brings back a key that is already somebody's.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql, type Transaction } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import type { DirectoryTables } from './tables.ts';

export const keyKinds = ['prekey', 'key_package'] as const;
export type KeyKind = (typeof keyKinds)[number];

/** Of a device and kind. */
export const maxOneTimeKeys = 100;
export const maxOneTimeKeyBytes = 8 * 1_024;
export const maxIdentityKeyBytes = 4 * 1_024;
export const maxSignedPrekeyBytes = 8 * 1_024;
export const maxKeyId = 2 ** 31 - 2;
/** Below this many the owner is asked for more. */
export const lowWaterKeys = 20;

export interface NumberedKey {
  readonly keyId: number;
  /** Opaque. */
  readonly key: Buffer;
}

/** What a device has in store. */
export interface KeySupply {
  readonly kind: KeyKind;
  readonly held: number;
  readonly hasLastResort: boolean;
  /** The lowest id that was never handed in. */
  readonly nextKeyId: number;
}

export interface ClaimedKey extends NumberedKey {
  readonly isLastResort: boolean;
}

/** What it takes to write to a device. */
export interface ClaimedDevice {
  readonly deviceId: string;
  readonly keyBundle: Buffer;
  readonly identityKey: Buffer | null;
  readonly signedPrekey: Buffer | null;
  /** Null: the device has none left, not even of last resort. */
  readonly key: ClaimedKey | null;
  /** One-time keys that are left. */
  readonly held: number;
}

export interface Claim {
  readonly identityVersion: number;
  readonly devices: readonly ClaimedDevice[];
}

export interface ClaimOptions {
  readonly userId: string;
  readonly kind: KeyKind;
  /** Of these devices of the user; null: of all. */
  readonly deviceIds: readonly string[] | null;
  /** Leave the one-time keys to others. */
  readonly lastResortOnly: boolean;
}

type LiveDevice = Omit<ClaimedDevice, 'key' | 'held'>;

export class DeviceKeyStore {
  readonly #database: DirectoryDatabase;

  constructor(options: { readonly database: DirectoryDatabase }) {
    this.#database = options.database;
  }

  /** @throws ParleyError `device_revoked`, `too_many_keys` if the device would hold more than it may */
  async upload(
    deviceId: string,
    kind: KeyKind,
    keys: readonly NumberedKey[],
    lastResort: NumberedKey | null,
  ): Promise<KeySupply> {
    return this.#database.transaction(async (transaction) => {
      await lockDevice(transaction, deviceId);
      const before = await supplyOf(transaction, deviceId, kind);
      const fresh = keys.filter((key) => key.keyId >= before.nextKeyId);
      if (before.held + fresh.length > maxOneTimeKeys) {
        throw new ParleyError('too_many_keys', { detail: `${before.held} are held` });
      }
      const nextKeyId = fresh.reduce((next, { keyId }) => Math.max(next, keyId + 1), before.nextKeyId);
      const replaced = lastResort === null ? {} : { last_resort_id: lastResort.keyId, last_resort_key: lastResort.key };
      await transaction
        .insertInto('key_supplies')
        .values({ device_id: deviceId, kind, next_key_id: nextKeyId, ...replaced })
        .onConflict((conflict) =>
          conflict.columns(['device_id', 'kind']).doUpdateSet({ next_key_id: nextKeyId, ...replaced }),
        )
        .execute();
      if (fresh.length > 0) {
        const rows = fresh.map(({ keyId, key }) => ({ device_id: deviceId, kind, key_id: keyId, key }));
        await transaction.insertInto('one_time_keys').values(rows).execute();
      }
      const hasLastResort = before.hasLastResort || lastResort !== null;
      return { kind, held: before.held + fresh.length, hasLastResort, nextKeyId };
    });
  }

  /** One for each kind. @throws ParleyError `device_revoked` */
  async supplies(deviceId: string): Promise<readonly KeySupply[]> {
    return this.#database.transaction(async (transaction) => {
      await lockDevice(transaction, deviceId);
      const supplies: KeySupply[] = [];
      for (const kind of keyKinds) supplies.push(await supplyOf(transaction, deviceId, kind));
      return supplies;
    });
  }

  /** @throws ParleyError `not_found` if there is no such user */
  async claim({ userId, kind, deviceIds, lastResortOnly }: ClaimOptions): Promise<Claim> {
    return this.#database.transaction(async (transaction) => {
      const user = await transaction
        .selectFrom('users')
        .select('identity_version')
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (user === undefined) throw new ParleyError('not_found');
      const live = await liveDevices(transaction, userId);
      const devices = deviceIds === null ? live : live.filter(({ deviceId }) => deviceIds.includes(deviceId));
      const ids = devices.map(({ deviceId }) => deviceId);
      const taken = lastResortOnly ? new Map<string, ClaimedKey>() : await takeOneEach(transaction, ids, kind);
      const rest = await remaining(transaction, ids, kind);
      return {
        identityVersion: user.identity_version,
        devices: devices.map((device) => {
          const { held, lastResort } = rest.get(device.deviceId) ?? { held: 0, lastResort: null };
          return { ...device, key: taken.get(device.deviceId) ?? lastResort, held };
        }),
      };
    });
  }
}

/** Against a revocation, a change of the identity, and another upload at the same time. */
async function lockDevice(transaction: Transaction<DirectoryTables>, deviceId: string): Promise<void> {
  const row = await transaction
    .selectFrom('devices')
    .select('device_id')
    .where('device_id', '=', deviceId)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new ParleyError('device_revoked');
}

/** Locked against changes, so that the keys that are claimed belong to the identity that is answered. */
async function liveDevices(transaction: Transaction<DirectoryTables>, userId: string): Promise<LiveDevice[]> {
  const rows = await transaction
    .selectFrom('devices')
    .select(['device_id', 'key_bundle', 'identity_key', 'signed_prekey'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('device_id')
    .forShare()
    .execute();
  return rows.map((row) => ({
    deviceId: row.device_id,
    keyBundle: row.key_bundle,
    identityKey: row.identity_key,
    signedPrekey: row.signed_prekey,
  }));
}

async function supplyOf(
  transaction: Transaction<DirectoryTables>,
  deviceId: string,
  kind: KeyKind,
): Promise<KeySupply> {
  const row = await transaction
    .selectFrom('key_supplies')
    .select(['next_key_id', 'last_resort_id'])
    .where('device_id', '=', deviceId)
    .where('kind', '=', kind)
    .executeTakeFirst();
  const { held } = await transaction
    .selectFrom('one_time_keys')
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('held'))
    .where('device_id', '=', deviceId)
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow();
  return { kind, held, hasLastResort: (row?.last_resort_id ?? null) !== null, nextKeyId: row?.next_key_id ?? 0 };
}

/**
 * Materialized, because a plan that ran the inner select once more for each row would take more than one key. What another claim
 * holds locked is passed over: it is given away unless that claim fails.
 */
async function takeOneEach(
  transaction: Transaction<DirectoryTables>,
  deviceIds: readonly string[],
  kind: KeyKind,
): Promise<Map<string, ClaimedKey>> {
  const { rows } = await sql<{ device_id: string; key_id: number; key: Buffer }>`
    WITH chosen AS MATERIALIZED (
      SELECT asked.device_id, one.key_id
      FROM unnest(${deviceIds}::uuid[]) AS asked(device_id)
      CROSS JOIN LATERAL (
        SELECT key_id FROM one_time_keys
        WHERE device_id = asked.device_id AND kind = ${kind}
        ORDER BY key_id LIMIT 1 FOR UPDATE SKIP LOCKED
      ) AS one
    )
    DELETE FROM one_time_keys AS held USING chosen
    WHERE held.device_id = chosen.device_id AND held.kind = ${kind} AND held.key_id = chosen.key_id
    RETURNING held.device_id, held.key_id, held.key`.execute(transaction);
  return new Map(rows.map((row) => [row.device_id, { keyId: row.key_id, key: row.key, isLastResort: false }]));
}

async function remaining(
  transaction: Transaction<DirectoryTables>,
  deviceIds: readonly string[],
  kind: KeyKind,
): Promise<Map<string, { readonly held: number; readonly lastResort: ClaimedKey | null }>> {
  const { rows } = await sql<{ device_id: string; last_resort_id: number; last_resort_key: Buffer; held: number }>`
    SELECT supply.device_id, supply.last_resort_id, supply.last_resort_key,
      (SELECT count(*)::integer FROM one_time_keys AS held
       WHERE held.device_id = supply.device_id AND held.kind = supply.kind) AS held
    FROM key_supplies AS supply
    WHERE supply.device_id = ANY(${deviceIds}::uuid[]) AND supply.kind = ${kind}`.execute(transaction);
  return new Map(
    rows.map((row) => {
      const lastResort =
        row.last_resort_id === null
          ? null
          : { keyId: row.last_resort_id, key: row.last_resort_key, isLastResort: true };
      return [row.device_id, { held: row.held, lastResort }];
    }),
  );
}
