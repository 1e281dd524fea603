/**
 * Accounts: from a phone number to a registered device with tokens, and from one pair of tokens to the next.
 *
 * A phone number is proven by its one-time code; what follows (the user, if the number is new, the device, its first refresh
 * token, and the end of the code) is one transaction under the user's row lock. Whatever revokes a device writes SQL first and
 * the denylist of the session store after: if the second fails, the caller learns it and asks again, and `restoreRevocations`
 * brings the denylist up to SQL's state in any case.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Transaction } from 'kysely';
import { v4 as uuid } from 'uuid';
import type { SessionKey, SessionStore } from '../sessions/store.ts';
import { type AccessTokenIssuer, accessLifetimeMs, clockToleranceMs } from './access-tokens.ts';
import type { DirectoryDatabase } from './database.ts';
import { addDevice, Devices, revokeDevice } from './devices.ts';
import type { NewDevice, TokenPair, User } from './directory.ts';
import { type IssuedCode, OneTimeCodes } from './one-time-codes.ts';
import { SqlPrivacy } from './privacy.sql.ts';
import { drawTokenSecrets, openFamily, refreshLifetimeMs, rotate } from './refresh-tokens.ts';
import type { DirectoryTables } from './tables.ts';

export const maxDisplayNameChars = 100;
/** As long as a token of the device may be taken for good anywhere. */
export const revocationTtlMs = accessLifetimeMs + 2 * clockToleranceMs;
const uuidBytes = 16;

export interface AccountsOptions {
  readonly database: DirectoryDatabase;
  readonly sessions: Pick<SessionStore, 'revokeDevice'>;
  readonly issuer: AccessTokenIssuer;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Registration {
  /** As `normalizePhoneNumber` gives it. */
  readonly phoneNumber: string;
  readonly code: string;
  readonly device: NewDevice;
  /** For a number that is new; a known user keeps the name. */
  readonly displayName: string;
}

export interface DeviceTokens {
  readonly userId: string;
  readonly deviceId: string;
  readonly tokens: TokenPair;
}

export interface Registered extends DeviceTokens {
  readonly user: User;
}

export class Accounts {
  readonly devices: Devices;
  readonly codes: OneTimeCodes;
  readonly privacy: SqlPrivacy;
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.devices = new Devices(options);
    this.privacy = new SqlPrivacy(options);
    this.codes = new OneTimeCodes({ ...options, secret: options.issuer.secretFor('one-time codes') });
  }

  /** @param phoneNumber as `normalizePhoneNumber` gives it */
  startRegistration(phoneNumber: string): Promise<IssuedCode> {
    return this.codes.issue(phoneNumber);
  }

  /** @throws ParleyError `invalid_code`, `too_many_attempts`, `too_many_devices` */
  async completeRegistration(registration: Registration): Promise<Registered> {
    const { database, clock, random } = this.#options;
    const { phoneNumber, code } = registration;
    await this.codes.attempt(phoneNumber, code);
    const [newUserId, deviceId] = [this.#drawUuid(), this.#drawUuid()];
    const secrets = drawTokenSecrets(random);
    const nowMs = clock.nowMs();
    const { user, refreshToken } = await database.transaction(async (transaction) => {
      const user = await userOf(
        transaction,
        { userId: newUserId, phoneNumber, displayName: registration.displayName },
        nowMs,
      );
      await addDevice(transaction, { ...registration.device, userId: user.userId, deviceId }, nowMs);
      const refreshToken = await openFamily(transaction, deviceId, secrets, nowMs);
      await this.codes.consume(transaction, phoneNumber, code);
      return { user, refreshToken };
    });
    return {
      user,
      userId: user.userId,
      deviceId,
      tokens: await this.#pair(user.userId, deviceId, refreshToken, nowMs),
    };
  }

  /** @throws ParleyError `invalid_refresh_token`, `device_revoked` */
  async refresh(refreshToken: string): Promise<DeviceTokens> {
    const { database, clock, random } = this.#options;
    const secrets = drawTokenSecrets(random);
    const nowMs = clock.nowMs();
    const rotation = await database.transaction(async (transaction) => {
      const result = await rotate(transaction, refreshToken, secrets, nowMs);
      if (result.outcome === 'reused') await revokeDevice(transaction, result.deviceId, nowMs);
      return result;
    });
    switch (rotation.outcome) {
      case 'unknown':
        throw new ParleyError('invalid_refresh_token');
      case 'reused':
        await this.#deny(rotation);
        throw new ParleyError('invalid_refresh_token', { detail: 'used before; the device is revoked' });
      case 'revoked':
        throw new ParleyError('device_revoked');
      case 'rotated':
        return {
          userId: rotation.userId,
          deviceId: rotation.deviceId,
          tokens: await this.#pair(rotation.userId, rotation.deviceId, rotation.refreshToken, nowMs),
        };
    }
  }

  /** @throws ParleyError `not_found` if the device is not, and never was, the user's */
  async revokeDevice(userId: string, deviceId: string): Promise<void> {
    if (!(await this.devices.revoke(userId, deviceId))) throw new ParleyError('not_found');
    await this.#deny({ userId, deviceId });
  }

  /** @throws ParleyError `not_found` */
  async user(userId: string): Promise<User> {
    const row = await this.#options.database.run((db) =>
      db
        .selectFrom('users')
        .select(['user_id', 'phone_number', 'display_name'])
        .where('user_id', '=', userId)
        .executeTakeFirst(),
    );
    if (row === undefined) throw new ParleyError('not_found');
    return { userId: row.user_id, phoneNumber: row.phone_number, displayName: row.display_name };
  }

  async rename(userId: string, displayName: string): Promise<void> {
    const updated_at = new Date(this.#options.clock.nowMs());
    await this.#options.database.run((db) =>
      db.updateTable('users').set({ display_name: displayName, updated_at }).where('user_id', '=', userId).execute(),
    );
  }

  #drawUuid(): string {
    return uuid({ random: this.#options.random.bytes(uuidBytes) });
  }

  async #pair(userId: string, deviceId: string, refreshToken: string, nowMs: number): Promise<TokenPair> {
    const access = await this.#options.issuer.issue(userId, deviceId);
    return { ...access, refreshToken, refreshExpiresAtMs: nowMs + refreshLifetimeMs };
  }

  #deny({ userId, deviceId }: SessionKey): Promise<void> {
    return this.#options.sessions.revokeDevice({ userId, deviceId }, revocationTtlMs);
  }
}

/** The user with the phone number, made if there is none, and locked until the transaction ends. */
async function userOf(transaction: Transaction<DirectoryTables>, candidate: User, nowMs: number): Promise<User> {
  const at = new Date(nowMs);
  await transaction
    .insertInto('users')
    .values({
      user_id: candidate.userId,
      phone_number: candidate.phoneNumber,
      display_name: candidate.displayName,
      created_at: at,
      updated_at: at,
    })
    .onConflict((conflict) => conflict.constraint('users_phone_number_unique').doNothing())
    .execute();
  const row = await transaction
    .selectFrom('users')
    .select(['user_id', 'display_name'])
    .where('phone_number', '=', candidate.phoneNumber)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { userId: row.user_id, phoneNumber: candidate.phoneNumber, displayName: row.display_name };
}

/**
 * Writes every revocation that still matters into the denylist: at the start, and now and then, because Redis and a process's
 * memory may lose it. Resolves to how many there are.
 */
export async function restoreRevocations(
  devices: Pick<Devices, 'revokedSince'>,
  sessions: Pick<SessionStore, 'revokeDevice'>,
  clock: Clock,
): Promise<number> {
  const nowMs = clock.nowMs();
  const revoked = await devices.revokedSince(nowMs - revocationTtlMs);
  for (const { userId, deviceId, revokedAtMs } of revoked) {
    await sessions.revokeDevice({ userId, deviceId }, Math.max(1, revokedAtMs + revocationTtlMs - nowMs));
  }
  return revoked.length;
}
