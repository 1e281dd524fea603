/**
 * Linking another device from one that is registered: a code, shown by the one as text or as a QR code, taken by the other.
 *
 * A code is good for two minutes, one use and five attempts. Its first letters (the selector) say which link is meant, so that
 * attempts at it can be counted; the others (the verifier, 50 bits) are the secret, of which only a hash is stored, keyed with a
 * secret that is not in the database. Whoever links is bound to the device that made the link: once that is revoked, its link is
 * worth nothing. A device has one link at a time.
 */
import { createHmac } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql, type Transaction } from 'kysely';
import { v4 as uuid } from 'uuid';
import type { DirectoryDatabase } from './database.ts';
import { addDevice } from './devices.ts';
import type { NewDevice, Principal } from './directory.ts';
import { drawTokenSecrets, openFamily } from './refresh-tokens.ts';
import { sameHash } from './secrets.ts';
import type { DirectoryTables } from './tables.ts';

export const linkLifetimeMs = 2 * 60_000;
export const maxLinkAttempts = 5;
/** Crockford's base 32: no letter looks like another or like a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const selectorChars = 6;
const verifierChars = 10;
export const linkCodeChars = selectorChars + verifierChars;
/** What a QR code holds before the code. */
export const linkPrefix = 'parley:link:';
const uuidBytes = 16;
const maxExpiredPerMake = 100;

export interface MadeLink {
  readonly linkId: string;
  /** In groups of four, to be read out. */
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface LinkState {
  readonly linkId: string;
  readonly expiresAtMs: number;
  /** The device that used it, if one has. */
  readonly deviceId: string | null;
}

export interface LinkedDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly linkId: string;
  readonly refreshToken: string;
}

export interface DeviceLinksOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly random: Random;
  /** Keys the hashes; not kept in the database. */
  readonly secret: Uint8Array;
}

export class DeviceLinks {
  readonly #options: DeviceLinksOptions;

  constructor(options: DeviceLinksOptions) {
    this.#options = options;
  }

  /** @throws ParleyError `device_revoked` */
  async make({ userId, deviceId }: Pick<Principal, 'userId' | 'deviceId'>): Promise<MadeLink> {
    const { database, clock, random } = this.#options;
    const nowMs = clock.nowMs();
    const expiresAtMs = nowMs + linkLifetimeMs;
    const code = Array.from(random.bytes(linkCodeChars), (byte) => alphabet[byte % alphabet.length]).join('');
    const linkId = uuid({ random: random.bytes(uuidBytes) });
    const values = {
      link_id: linkId,
      user_id: userId,
      selector: code.slice(0, selectorChars),
      verifier_hash: this.#hash(linkId, code.slice(selectorChars)),
      attempts: 0,
      expires_at: new Date(expiresAtMs),
      linked_device_id: null,
    };
    await database.transaction(async (transaction) => {
      const device = await transaction
        .selectFrom('devices')
        .select('device_id')
        .where('device_id', '=', deviceId)
        .where('revoked_at', 'is', null)
        .forKeyShare()
        .executeTakeFirst();
      if (device === undefined) throw new ParleyError('device_revoked');
      await takeExpired(transaction, nowMs);
      await transaction
        .insertInto('device_links')
        .values({ made_by: deviceId, ...values })
        .onConflict((conflict) => conflict.column('made_by').doUpdateSet(values))
        .execute();
    });
    return { linkId, code: code.replaceAll(/.{4}(?=.)/g, '$&-'), expiresAtMs };
  }

  /** How a link of the user stands. @throws ParleyError `not_found` also once it has expired */
  async state(userId: string, linkId: string): Promise<LinkState> {
    const { database, clock } = this.#options;
    const row = await database.run((db) =>
      db
        .selectFrom('device_links')
        .select(['expires_at', 'linked_device_id'])
        .where('link_id', '=', linkId)
        .where('user_id', '=', userId)
        .where('expires_at', '>', new Date(clock.nowMs()))
        .executeTakeFirst(),
    );
    if (row === undefined) throw new ParleyError('not_found');
    return { linkId, expiresAtMs: row.expires_at.getTime(), deviceId: row.linked_device_id };
  }

  /**
   * Adds the device to the user whose device made the link.
   * @throws ParleyError `invalid_code`, `too_many_attempts`, `too_many_devices` (the link stays good)
   */
  async complete(input: string, device: NewDevice): Promise<LinkedDevice> {
    const { database, clock, random } = this.#options;
    const nowMs = clock.nowMs();
    const link = await this.#attempt(input, nowMs);
    const deviceId = uuid({ random: random.bytes(uuidBytes) });
    const secrets = drawTokenSecrets(random);
    return database.transaction(async (transaction) => {
      // The order in which others lock: the user first.
      const user = await transaction
        .selectFrom('users')
        .select('user_id')
        .where('user_id', '=', link.userId)
        .forUpdate()
        .executeTakeFirst();
      const maker = await transaction
        .selectFrom('device_links')
        .innerJoin('devices', 'devices.device_id', 'device_links.made_by')
        .select(['made_by', 'devices.revoked_at'])
        .where('link_id', '=', link.linkId)
        .where('linked_device_id', 'is', null)
        .where('expires_at', '>', new Date(nowMs))
        .executeTakeFirst();
      if (user === undefined || maker === undefined || maker.revoked_at !== null) throw new ParleyError('invalid_code');
      await addDevice(transaction, { ...device, userId: link.userId, deviceId }, nowMs);
      const refreshToken = await openFamily(transaction, deviceId, secrets, nowMs);
      await transaction
        .updateTable('device_links')
        .set({ linked_device_id: deviceId, verifier_hash: Buffer.alloc(0) })
        .where('link_id', '=', link.linkId)
        .execute();
      return { userId: link.userId, deviceId, linkId: link.linkId, refreshToken };
    });
  }

  /** Counts an attempt at every link of the selector, before the rest is looked at, so that parallel guesses count too. */
  async #attempt(input: string, nowMs: number): Promise<{ readonly linkId: string; readonly userId: string }> {
    const code = cleaned(input);
    if (code === null) throw new ParleyError('invalid_code');
    const rows = await this.#options.database.run((db) =>
      db
        .updateTable('device_links')
        .set({ attempts: sql<number>`least(attempts + 1, ${sql.lit(maxLinkAttempts + 1)})` })
        .where('selector', '=', code.slice(0, selectorChars))
        .where('expires_at', '>', new Date(nowMs))
        .where('linked_device_id', 'is', null)
        .returning(['link_id', 'user_id', 'verifier_hash', 'attempts', 'expires_at'])
        .execute(),
    );
    for (const row of rows) {
      if (row.attempts > maxLinkAttempts) {
        throw new ParleyError('too_many_attempts', { retryAfterMs: row.expires_at.getTime() - nowMs });
      }
      const hash = this.#hash(row.link_id, code.slice(selectorChars));
      if (sameHash(row.verifier_hash, hash)) return { linkId: row.link_id, userId: row.user_id };
    }
    throw new ParleyError('invalid_code');
  }

  #hash(linkId: string, verifier: string): Buffer {
    return createHmac('sha256', this.#options.secret).update(`${linkId}:${verifier}`).digest();
  }
}

/** As it was drawn, from what a person typed or a camera saw; null if it can't be one. */
function cleaned(input: string): string | null {
  const text = input.startsWith(linkPrefix) ? input.slice(linkPrefix.length) : input;
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return code.length === linkCodeChars && [...code].every((letter) => alphabet.includes(letter)) ? code : null;
}

async function takeExpired(transaction: Transaction<DirectoryTables>, nowMs: number): Promise<void> {
  const expired = transaction
    .selectFrom('device_links')
    .select('link_id')
    .where('expires_at', '<=', new Date(nowMs))
    .limit(maxExpiredPerMake)
    .forUpdate()
    .skipLocked();
  await transaction.deleteFrom('device_links').where('link_id', 'in', expired).execute();
}
