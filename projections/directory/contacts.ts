/**
 * Address books: which users a user knows, and by what name; and which of a list of phone numbers belong to users.
 *
 * A contact is another user, so who has no account is in nobody's address book here. When an account is deleted it goes from all of
 * them. The bound on an address book is held under its owner's row lock.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql } from 'kysely';
import { searchKey } from './contact-search.ts';
import type { DirectoryDatabase } from './database.ts';

export const maxContactsPerUser = 10_000;
export const maxLabelChars = 100;
export const maxContactsPerPage = 200;
export const maxContactsPerWrite = 200;
export const maxNumbersPerDiscovery = 1_000;

export interface Contact {
  readonly userId: string;
  /** What the owner of the address book calls them. */
  readonly label: string;
  readonly updatedAtMs: number;
}

/** Where a page ended. */
export interface ContactPosition {
  readonly searchKey: string;
  readonly userId: string;
}

export interface ContactPage {
  readonly contacts: readonly Contact[];
  /** Null on the last page. */
  readonly next: ContactPosition | null;
}

export interface ContactQuery {
  /** Contacts whose label has this in it, whatever its case and accents; empty: all of them. */
  readonly search: string;
  readonly after: ContactPosition | null;
  readonly limit: number;
}

export class Contacts {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;

  constructor(options: { readonly database: DirectoryDatabase; readonly clock: Clock }) {
    this.#database = options.database;
    this.#clock = options.clock;
  }

  /**
   * Who of the numbers is a user: their ids by number. One look into a hash index for each.
   * @param phoneNumbers as `normalizePhoneNumber` gives them, at most `maxNumbersPerDiscovery`
   */
  async discover(phoneNumbers: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (phoneNumbers.length === 0) return new Map();
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('users')
        .select(['user_id', 'phone_number'])
        .where('phone_number', '=', sql<string>`ANY(${phoneNumbers}::varchar[])`)
        .execute(),
    );
    return new Map(rows.map((row) => [row.phone_number ?? '', row.user_id]));
  }

  /**
   * All of them, or none.
   * @throws ParleyError `not_found` if one of them is no user (any more), `too_many_contacts`, `invalid_request` for the user itself
   */
  async put(ownerId: string, contacts: readonly Pick<Contact, 'userId' | 'label'>[]): Promise<void> {
    const labels = new Map(contacts.map(({ userId, label }) => [userId, label]));
    if (labels.has(ownerId)) throw new ParleyError('invalid_request', { detail: 'nobody is a contact of their own' });
    const userIds = [...labels.keys()];
    const updated_at = new Date(this.#clock.nowMs());
    await this.#database.transaction(async (transaction) => {
      const owner = await transaction
        .selectFrom('users')
        .select('deleted_at')
        .where('user_id', '=', ownerId)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (owner === undefined || owner.deleted_at !== null) throw new ParleyError('not_found');
      // Locked, so that none of them is deleted before this is done. Two who add each other don't wait in a ring: that somebody adds
      // contacts (no key update) lets others share the key.
      const known = await transaction
        .selectFrom('users')
        .select('user_id')
        .where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`)
        .where('deleted_at', 'is', null)
        .orderBy('user_id')
        .forKeyShare()
        .execute();
      if (known.length < userIds.length) throw new ParleyError('not_found');
      const values = userIds.map((userId) => {
        const label = labels.get(userId) ?? '';
        return { user_id: ownerId, contact_id: userId, label, search_key: searchKey(label), updated_at };
      });
      await transaction
        .insertInto('contacts')
        .values(values)
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'contact_id']).doUpdateSet((excluded) => ({
            label: excluded.ref('excluded.label'),
            search_key: excluded.ref('excluded.search_key'),
            updated_at,
          })),
        )
        .execute();
      const { count } = await transaction
        .selectFrom('contacts')
        .select((select) => select.fn.countAll<string>().as('count'))
        .where('user_id', '=', ownerId)
        .executeTakeFirstOrThrow();
      if (Number(count) > maxContactsPerUser) throw new ParleyError('too_many_contacts');
    });
  }

  /** Taking one away that is none changes nothing. */
  async remove(ownerId: string, userId: string): Promise<void> {
    await this.#database.run((db) =>
      db.deleteFrom('contacts').where('user_id', '=', ownerId).where('contact_id', '=', userId).execute(),
    );
  }

  /** In the order of their labels. */
  async list(ownerId: string, { search, after, limit }: ContactQuery): Promise<ContactPage> {
    const key = searchKey(search);
    const rows = await this.#database.run((db) => {
      let query = db
        .selectFrom('contacts')
        .select(['contact_id', 'label', 'search_key', 'updated_at'])
        .where('user_id', '=', ownerId)
        .orderBy('search_key')
        .orderBy('contact_id')
        .limit(limit + 1);
      if (key !== '') query = query.where(sql<boolean>`strpos(search_key, ${key}) > 0`);
      if (after !== null) {
        query = query.where(
          sql<boolean>`(search_key, contact_id) > (${after.searchKey}::varchar, ${after.userId}::uuid)`,
        );
      }
      return query.execute();
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      contacts: page.map((row) => ({
        userId: row.contact_id,
        label: row.label,
        updatedAtMs: row.updated_at.getTime(),
      })),
      next: rows.length > limit && last !== undefined ? { searchKey: last.search_key, userId: last.contact_id } : null,
    };
  }
}
