/**
 * Deletes an account: everything that says who it was goes, and a row without a person stays for those who have its id.
 *
 * In one transaction: the user leaves every group, the one-time code is used up, every device is revoked and emptied, and profile,
 * phone number, address book, settings and tokens are gone. The number may be registered again at once, by a new user. Messages
 * are in the log and belong to conversations; `deleted_at` tells whoever erases their content there when it is due.
 *
 * Groups are locked before the user, as by whoever adds members to them. A group that the user was added to after the first look
 * is found once the user's row is locked; then nothing is done, and the caller may ask again.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Transaction } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import { revokeDevice } from './devices.ts';
import { removeMember } from './groups/membership.ts';
import { OpenedGroup } from './groups/opened-group.ts';
import type { OneTimeCodes } from './one-time-codes.ts';
import type { DirectoryTables } from './tables.ts';

const retryAfterMs = 1_000;

export interface AccountDeletionOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly codes: OneTimeCodes;
}

export class AccountDeletion {
  readonly #options: AccountDeletionOptions;

  constructor(options: AccountDeletionOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the devices that it revoked, which the caller has to put on the denylist.
   * @param code of the user's own number, issued for deletions
   * @throws ParleyError `not_found`, `invalid_code`, `too_many_attempts`
   */
  async delete(userId: string, code: string): Promise<readonly string[]> {
    const { database, clock, codes } = this.#options;
    const known = await database.run((db) =>
      db.selectFrom('users').select('phone_number').where('user_id', '=', userId).executeTakeFirst(),
    );
    const phoneNumber = known?.phone_number ?? null;
    if (phoneNumber === null) throw new ParleyError('not_found');
    await codes.attempt(phoneNumber, code, 'deletion');
    const nowMs = clock.nowMs();
    return database.transaction(async (transaction) => {
      await leaveGroups(transaction, userId, nowMs);
      const user = await transaction
        .selectFrom('users')
        .select('user_id')
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .forUpdate()
        .executeTakeFirst();
      if (user === undefined) throw new ParleyError('not_found');
      if ((await groupsOf(transaction, userId)).length > 0) throw new ParleyError('unavailable', { retryAfterMs });
      await codes.consume(transaction, phoneNumber, code, 'deletion');
      const deviceIds = await emptyDevices(transaction, userId, nowMs);
      await erase(transaction, userId, nowMs);
      return deviceIds;
    });
  }
}

async function groupsOf(transaction: Transaction<DirectoryTables>, userId: string): Promise<readonly string[]> {
  const rows = await transaction
    .selectFrom('group_members')
    .select('group_id')
    .where('user_id', '=', userId)
    .orderBy('group_id')
    .execute();
  return rows.map((row) => row.group_id);
}

async function leaveGroups(transaction: Transaction<DirectoryTables>, userId: string, nowMs: number): Promise<void> {
  for (const groupId of await groupsOf(transaction, userId)) {
    const group = await OpenedGroup.open(transaction, groupId, userId, nowMs);
    await removeMember(group, userId);
    await group.change.save(nowMs);
  }
}

/** Also those that were revoked before: their rows know names and keys. Resolves to those that were not. */
async function emptyDevices(
  transaction: Transaction<DirectoryTables>,
  userId: string,
  nowMs: number,
): Promise<readonly string[]> {
  const devices = await transaction
    .selectFrom('devices')
    .select(['device_id', 'revoked_at'])
    .where('user_id', '=', userId)
    .orderBy('device_id')
    .execute();
  const live = devices.filter((one) => one.revoked_at === null).map((one) => one.device_id);
  for (const deviceId of live) await revokeDevice(transaction, deviceId, nowMs);
  const ids = devices.map((one) => one.device_id);
  if (ids.length === 0) return live;
  await transaction.deleteFrom('refresh_tokens').where('device_id', 'in', ids).execute();
  await transaction
    .updateTable('devices')
    .set({ name: '', key_bundle: Buffer.alloc(0), identity_key: null, signed_prekey: null, push_token: null })
    .where('user_id', '=', userId)
    .execute();
  return live;
}

async function erase(transaction: Transaction<DirectoryTables>, userId: string, nowMs: number): Promise<void> {
  await transaction
    .deleteFrom('contacts')
    .where((where) => where.or([where('user_id', '=', userId), where('contact_id', '=', userId)]))
    .execute();
  // The blocks of others stay: they say nothing of a person any more.
  await transaction.deleteFrom('blocks').where('blocker_id', '=', userId).execute();
  await transaction.deleteFrom('device_links').where('user_id', '=', userId).execute();
  await transaction.deleteFrom('privacy_settings').where('user_id', '=', userId).execute();
  // Whom somebody blocked is theirs; the conversations know of it by events.
  await transaction.deleteFrom('blocks').where('blocker_id', '=', userId).execute();
  await transaction
    .updateTable('users')
    .set({
      phone_number: null,
      display_name: '',
      about: null,
      profile_picture_url: null,
      updated_at: new Date(nowMs),
      deleted_at: new Date(nowMs),
    })
    .where('user_id', '=', userId)
    .execute();
}
