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
import { AccountDeletion } from './account-deletion.ts';
import { Bans } from './bans.ts';
import { Blocks } from './blocks.ts';
import { Contacts } from './contacts.ts';
import type { DirectoryDatabase } from './database.ts';
import { DeviceLinks } from './device-links.ts';
import { addDevice, Devices, revokeDevice } from './devices.ts';
import type { NewDevice, TokenPair, User } from './directory.ts';
import { Identities } from './identities.ts';
import { DeviceKeyStore } from './keys.ts';
import { type IssuedCode, OneTimeCodes } from './one-time-codes.ts';
import { SqlPrivacy } from './privacy.sql.ts';
import { Profiles } from './profiles.ts';
import { drawTokenSecrets, openFamily, refreshLifetimeMs, rotate } from './refresh-tokens.ts';
import { Reports } from './reports.ts';
import type { DirectoryTables } from './tables.ts';

/** As long as a token of the device may be taken for good anywhere. */
export const revocationTtlMs = accessLifetimeMs + 2 * clockToleranceMs;
const uuidBytes = 16;
const maxUserRounds = 3;

export interface AccountsOptions {
  readonly database: DirectoryDatabase;
  readonly sessions: Pick<SessionStore, 'revokeDevice'>;
  readonly issuer: AccessTokenIssuer;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every user who has gained or lost a device. */
  readonly devicesChanged?: (userId: string) => void;
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

export interface Linked extends DeviceTokens {
  readonly linkId: string;
}

export interface Registered extends DeviceTokens {
  readonly user: User;
}

export class Accounts {
  readonly devices: Devices;
  readonly codes: OneTimeCodes;
  readonly profiles: Profiles;
  readonly contacts: Contacts;
  readonly blocks: Blocks;
  readonly reports: Reports;
  readonly #bans: Bans;
  readonly links: DeviceLinks;
  readonly privacy: SqlPrivacy;
  readonly #deletion: AccountDeletion;
  readonly keys: DeviceKeyStore;
  readonly identities: Identities;
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.devices = new Devices(options);
    this.privacy = new SqlPrivacy(options);
    this.keys = new DeviceKeyStore(options);
    this.identities = new Identities(options);
    this.codes = new OneTimeCodes({ ...options, secret: options.issuer.secretFor('one-time codes') });
    this.profiles = new Profiles(options);
    this.contacts = new Contacts(options);
    this.blocks = new Blocks(options);
    this.reports = new Reports(options);
    this.#bans = new Bans(options);
    this.links = new DeviceLinks({ ...options, secret: options.issuer.secretFor('device links') });
    this.#deletion = new AccountDeletion({ ...options, codes: this.codes });
  }

  /** @param phoneNumber as `normalizePhoneNumber` gives it */
  startRegistration(phoneNumber: string): Promise<IssuedCode> {
    return this.codes.issue(phoneNumber, 'registration');
  }

  /** @throws ParleyError `invalid_code`, `too_many_attempts`, `too_many_devices` */
  async completeRegistration(registration: Registration): Promise<Registered> {
    const { database, clock, random } = this.#options;
    const { phoneNumber, code } = registration;
    await this.codes.attempt(phoneNumber, code, 'registration');
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
      await this.codes.consume(transaction, phoneNumber, code, 'registration');
      return { user, refreshToken };
    });
    this.#devicesChanged(user.userId);
    return {
      user,
      userId: user.userId,
      deviceId,
      tokens: await this.#pair(user.userId, deviceId, refreshToken),
    };
  }

  /** @throws ParleyError `invalid_code`, `too_many_attempts`, `too_many_devices` */
  async completeLink(code: string, device: NewDevice): Promise<Linked> {
    const { userId, deviceId, linkId, refreshToken } = await this.links.complete(code, device);
    this.#devicesChanged(userId);
    return { userId, deviceId, linkId, tokens: await this.#pair(userId, deviceId, refreshToken) };
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
        this.#devicesChanged(rotation.userId);
        await this.#deny(rotation);
        throw new ParleyError('invalid_refresh_token', { detail: 'used before; the device is revoked' });
      case 'revoked':
        throw new ParleyError('device_revoked');
      case 'rotated':
        return {
          userId: rotation.userId,
          deviceId: rotation.deviceId,
          tokens: await this.#pair(rotation.userId, rotation.deviceId, rotation.refreshToken),
        };
    }
  }

  /** @throws ParleyError `not_found` if the device is not, and never was, the user's */
  async revokeDevice(userId: string, deviceId: string): Promise<void> {
    if (!(await this.devices.revoke(userId, deviceId))) throw new ParleyError('not_found');
    this.#devicesChanged(userId);
    await this.#deny({ userId, deviceId });
  }

  /** Their devices are revoked, and none is registered until `unban`. @throws ParleyError `not_found` */
  async ban(userId: string): Promise<void> {
    const deviceIds = await this.#bans.ban(userId);
    this.#devicesChanged(userId);
    await Promise.all(deviceIds.map((deviceId) => this.#deny({ userId, deviceId })));
  }

  /** The user may register again. @throws ParleyError `not_found` */
  unban(userId: string): Promise<void> {
    return this.#bans.unban(userId);
  }

  /** A code that lets the user delete the account. @throws ParleyError `not_found` */
  async startDeletion(userId: string): Promise<IssuedCode & { readonly phoneNumber: string }> {
    const { phoneNumber } = await this.profiles.own(userId);
    return { ...(await this.codes.issue(phoneNumber, 'deletion')), phoneNumber };
  }

  /** @throws ParleyError `not_found`, `invalid_code`, `too_many_attempts` */
  async delete(userId: string, code: string): Promise<void> {
    const deviceIds = await this.#deletion.delete(userId, code);
    this.#devicesChanged(userId);
    await Promise.all(deviceIds.map((deviceId) => this.#deny({ userId, deviceId })));
  }

  #devicesChanged(userId: string): void {
    this.#options.devicesChanged?.(userId);
  }

  #drawUuid(): string {
    return uuid({ random: this.#options.random.bytes(uuidBytes) });
  }

  async #pair(userId: string, deviceId: string, refreshToken: string): Promise<TokenPair> {
    const { issuer, clock } = this.#options;
    const access = await issuer.issue(userId, deviceId);
    return { ...access, refreshToken, refreshExpiresAtMs: clock.nowMs() + refreshLifetimeMs };
  }

  #deny({ userId, deviceId }: SessionKey): Promise<void> {
    return this.#options.sessions.revokeDevice({ userId, deviceId }, revocationTtlMs);
  }
}

/** The user with the phone number, made if there is none, and locked until the transaction ends. */
async function userOf(transaction: Transaction<DirectoryTables>, candidate: User, nowMs: number): Promise<User> {
  const at = new Date(nowMs);
  for (let round = 1; round <= maxUserRounds; round++) {
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
      .executeTakeFirst();
    if (row !== undefined) {
      return { userId: row.user_id, phoneNumber: candidate.phoneNumber, displayName: row.display_name };
    }
    // Whoever had the number has just deleted the account.
  }
  throw new ParleyError('unavailable', { detail: 'directory', retryAfterMs: 1_000 });
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
