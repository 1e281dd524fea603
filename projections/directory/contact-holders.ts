/** Who has a user among their contacts, up to a bound: whoever is left out learns what changed when they ask. */
import type { DirectoryDatabase } from './database.ts';

const maxHolders = 5_000;

export class ContactHolders {
  readonly #database: DirectoryDatabase;

  constructor(options: { readonly database: DirectoryDatabase }) {
    this.#database = options.database;
  }

  async holdersOf(userId: string): Promise<readonly string[]> {
    const rows = await this.#database.run((db) =>
      db.selectFrom('contacts').select('user_id').where('contact_id', '=', userId).limit(maxHolders).execute(),
    );
    return rows.map((row) => row.user_id);
  }
}
