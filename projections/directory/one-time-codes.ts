/**
 * One-time codes that prove a phone number: six digits, good for five minutes, five attempts and one use; the newest replaces
 * the one before.
 *
 * A million codes are few, so what is stored is keyed with a secret that is not in the database: who reads the table can't try
 * them. An attempt is counted before the code is looked at, so that parallel guesses count too. How often a number may ask for a
 * new code is limited by the API.
 */
import { createHmac } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql, type Transaction } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import { sameHash } from './secrets.ts';
import type { DirectoryTables } from './tables.ts';

export const codeLifetimeMs = 5 * 60_000;
export const maxCodeAttempts = 5;
export const codeDigits = 6;
/** Of 48 bits: the digits are even to 4 in a thousand million. */
const codeBytes = 6;
const maxExpiredPerIssue = 100;

/** A code is good for what it was asked for, and for nothing else: who gives one away for one thing can't lose another. */
export type CodePurpose = 'registration' | 'deletion';

export interface IssuedCode {
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface OneTimeCodesOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly random: Random;
  /** Keys the hashes; not kept in the database. */
  readonly secret: Uint8Array;
}

export class OneTimeCodes {
  readonly #options: OneTimeCodesOptions;

  constructor(options: OneTimeCodesOptions) {
    this.#options = options;
  }

  async issue(phoneNumber: string, purpose: CodePurpose): Promise<IssuedCode> {
    const { database, clock, random } = this.#options;
    const nowMs = clock.nowMs();
    const expiresAtMs = nowMs + codeLifetimeMs;
    const number = Buffer.from(random.bytes(codeBytes)).readUIntBE(0, codeBytes) % 10 ** codeDigits;
    const code = String(number).padStart(codeDigits, '0');
    const values = {
      code_hash: this.#hash(phoneNumber, code, purpose),
      expires_at: new Date(expiresAtMs),
      attempts: 0,
    };
    await database.run(async (db) => {
      const expired = db
        .selectFrom('one_time_codes')
        .select('phone_number')
        .where('expires_at', '<=', new Date(nowMs))
        .limit(maxExpiredPerIssue);
      await db.deleteFrom('one_time_codes').where('phone_number', 'in', expired).execute();
      await db
        .insertInto('one_time_codes')
        .values({ phone_number: phoneNumber, ...values })
        .onConflict((conflict) => conflict.column('phone_number').doUpdateSet(values))
        .execute();
    });
    return { code, expiresAtMs };
  }

  /**
   * Counts an attempt; the code stays good until it is consumed.
   * @throws ParleyError `invalid_code`, `too_many_attempts`
   */
  async attempt(phoneNumber: string, code: string, purpose: CodePurpose): Promise<void> {
    const { database, clock } = this.#options;
    const row = await database.run((db) =>
      db
        .updateTable('one_time_codes')
        .set({ attempts: sql<number>`least(attempts + 1, ${sql.lit(maxCodeAttempts + 1)})` })
        .where('phone_number', '=', phoneNumber)
        .returning(['code_hash', 'attempts', 'expires_at'])
        .executeTakeFirst(),
    );
    const leftMs = row === undefined ? 0 : row.expires_at.getTime() - clock.nowMs();
    if (row === undefined || leftMs <= 0) throw new ParleyError('invalid_code');
    if (row.attempts > maxCodeAttempts) throw new ParleyError('too_many_attempts', { retryAfterMs: leftMs });
    if (!sameHash(row.code_hash, this.#hash(phoneNumber, code, purpose))) throw new ParleyError('invalid_code');
  }

  /**
   * Uses the code up, as part of what it was for.
   * @throws ParleyError `invalid_code` if it was used or replaced in the meantime
   */
  async consume(
    transaction: Transaction<DirectoryTables>,
    phoneNumber: string,
    code: string,
    purpose: CodePurpose,
  ): Promise<void> {
    const { numDeletedRows } = await transaction
      .deleteFrom('one_time_codes')
      .where('phone_number', '=', phoneNumber)
      .where('code_hash', '=', this.#hash(phoneNumber, code, purpose))
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw new ParleyError('invalid_code');
  }

  /** Takes a code back that could not be sent. */
  async withdraw(phoneNumber: string, code: string, purpose: CodePurpose): Promise<void> {
    await this.#options.database.transaction((transaction) => this.consume(transaction, phoneNumber, code, purpose));
  }

  #hash(phoneNumber: string, code: string, purpose: CodePurpose): Buffer {
    return createHmac('sha256', this.#options.secret).update(`${purpose}:${phoneNumber}:${code}`).digest();
  }
}
