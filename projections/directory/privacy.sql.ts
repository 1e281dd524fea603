/** Privacy settings in SQL. An id that is no UUID is nobody's, and has the defaults. */
import type { Clock } from '@parley/schemas/environment/clock';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { sql } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import {
  defaultPrivacy,
  type PrivacyDirectory,
  type PrivacySettings,
  type Relation,
  stranger,
  type UserPair,
} from './privacy.ts';

export interface SqlPrivacyOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
}

export class SqlPrivacy implements PrivacyDirectory {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;

  constructor(options: SqlPrivacyOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
  }

  async settingsOf(userIds: readonly string[]): Promise<readonly PrivacySettings[]> {
    const askable = userIds.filter(isUuid);
    if (askable.length === 0) return userIds.map(() => defaultPrivacy);
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('privacy_settings')
        .select(['user_id', 'last_seen', 'read_receipts'])
        .where('user_id', '=', sql<string>`ANY(${askable}::uuid[])`)
        .execute(),
    );
    const byUser = new Map(rows.map((row) => [row.user_id, row]));
    return userIds.map((userId) => {
      const row = byUser.get(userId);
      return row === undefined ? defaultPrivacy : { lastSeen: row.last_seen, readReceipts: row.read_receipts };
    });
  }

  async relationsOf(pairs: readonly UserPair[]): Promise<readonly Relation[]> {
    const askable = pairs.filter(({ ownerId, otherId }) => isUuid(ownerId) && isUuid(otherId));
    if (askable.length === 0) return pairs.map(() => stranger);
    const [owners, others] = [askable.map(({ ownerId }) => ownerId), askable.map(({ otherId }) => otherId)];
    const asked = sql`(SELECT * FROM unnest(${owners}::uuid[], ${others}::uuid[]))`;
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('contacts')
        .select(['user_id as owner', 'contact_id as other', sql<boolean>`false`.as('is_block')])
        .where(sql<boolean>`(user_id, contact_id) IN ${asked}`)
        .unionAll(
          db
            .selectFrom('blocks')
            .select(['blocker_id as owner', 'blocked_id as other', sql<boolean>`true`.as('is_block')])
            .where(sql<boolean>`(blocker_id, blocked_id) IN ${asked}`),
        )
        .execute(),
    );
    const setOf = (isBlock: boolean) =>
      new Set(rows.filter((row) => row.is_block === isBlock).map((row) => `${row.owner} ${row.other}`));
    const [contacts, blocks] = [setOf(false), setOf(true)];
    return pairs.map(({ ownerId, otherId }) => {
      const pair = `${ownerId} ${otherId}`;
      return { ...stranger, isContact: contacts.has(pair), isBlocked: blocks.has(pair) };
    });
  }

  /** Resolves to the settings afterwards; what is not named stays. Two changes at once of different settings both count. */
  async change(userId: string, changes: Partial<PrivacySettings>): Promise<PrivacySettings> {
    const values = { ...defaultPrivacy, ...changes };
    const updated_at = new Date(this.#clock.nowMs());
    const row = await this.#database.run((db) =>
      db
        .insertInto('privacy_settings')
        .values({ user_id: userId, last_seen: values.lastSeen, read_receipts: values.readReceipts, updated_at })
        .onConflict((conflict) =>
          conflict.column('user_id').doUpdateSet({
            ...(changes.lastSeen === undefined ? {} : { last_seen: changes.lastSeen }),
            ...(changes.readReceipts === undefined ? {} : { read_receipts: changes.readReceipts }),
            updated_at,
          }),
        )
        .returning(['last_seen', 'read_receipts'])
        .executeTakeFirstOrThrow(),
    );
    return { lastSeen: row.last_seen, readReceipts: row.read_receipts };
  }
}
