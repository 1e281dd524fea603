/**
 * One-time codes that prove a phone number: six digits, good for five minutes, five attempts and one use.
 *
 * A registration is named by 32 random bytes that only whoever asked for it knows. What is stored is the hash of the name, and
 * the hash of name and code together: who reads the table can't try the million codes, and who guesses codes must own the
 * registration. An attempt is counted before the code is looked at, so that parallel guesses count too.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql, type Transaction } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import { sameHash, secretHash } from './secrets.ts';
import type { DirectoryTables } from './tables.ts';

export const codeLifetimeMs = 5 * 60_000;
export const maxCodeAttempts = 5;
const codeDigits = 6;
const registrationIdBytes = 32;
/** Of 48 bits: the digits are even to 4 in a thousand million. */
const codeBytes = 6;
const maxExpiredPerIssue = 100;

export interface IssuedCode {
  readonly registrationId: string;
  /** For the phone alone. */
  readonly code: string;
  readonly expiresAtMs: number;
}

export class OneTimeCodes {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: { readonly database: DirectoryDatabase; readonly clock: Clock; readonly random: Random }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  async issue(phoneNumber: string): Promise<IssuedCode> {
    const nowMs = this.#clock.nowMs();
    const expiresAtMs = nowMs + codeLifetimeMs;
    const registrationId = Buffer.from(this.#random.bytes(registrationIdBytes)).toString('base64url');
    const number = Buffer.from(this.#random.bytes(codeBytes)).readUIntBE(0, codeBytes) % 10 ** codeDigits;
    const code = String(number).padStart(codeDigits, '0');
    await this.#database.run(async (db) => {
      const expired = db
        .selectFrom('one_time_codes')
        .select('registration_hash')
        .where('expires_at', '<=', new Date(nowMs))
        .limit(maxExpiredPerIssue);
      await db.deleteFrom('one_time_codes').where('registration_hash', 'in', expired).execute();
      await db
        .insertInto('one_time_codes')
        .values({
          registration_hash: secretHash(registrationId),
          phone_number: phoneNumber,
          code_hash: secretHash(registrationId, ':', code),
          expires_at: new Date(expiresAtMs),
        })
        .execute();
    });
    return { registrationId, code, expiresAtMs };
  }

  /**
   * Counts an attempt and resolves to the phone number that the code proves; it stays good until it is consumed.
   * @throws ParleyError `invalid_code`, `too_many_attempts`
   */
  async attempt(registrationId: string, code: string): Promise<string> {
    const nowMs = this.#clock.nowMs();
    const row = await this.#database.run((db) =>
      db
        .updateTable('one_time_codes')
        .set({ attempts: sql<number>`least(attempts + 1, ${sql.lit(maxCodeAttempts + 1)})` })
        .where('registration_hash', '=', secretHash(registrationId))
        .returning(['phone_number', 'code_hash', 'attempts', 'expires_at'])
        .executeTakeFirst(),
    );
    const leftMs = row === undefined ? 0 : row.expires_at.getTime() - nowMs;
    if (row === undefined || leftMs <= 0) throw new ParleyError('invalid_code');
    if (row.attempts > maxCodeAttempts) throw new ParleyError('too_many_attempts', { retryAfterMs: leftMs });
    if (!sameHash(row.code_hash, secretHash(registrationId, ':', code))) throw new ParleyError('invalid_code');
    return row.phone_number;
  }

  /**
   * Uses the registration up, as part of what it was for.
   * @throws ParleyError `invalid_code` if it was used in the meantime
   */
  async consume(transaction: Transaction<DirectoryTables>, registrationId: string): Promise<void> {
    const { numDeletedRows } = await transaction
      .deleteFrom('one_time_codes')
      .where('registration_hash', '=', secretHash(registrationId))
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw new ParleyError('invalid_code');
  }

  /** Takes a registration back whose code could not be sent. */
  async withdraw(registrationId: string): Promise<void> {
    await this.#database.transaction((transaction) => this.consume(transaction, registrationId));
  }
}
