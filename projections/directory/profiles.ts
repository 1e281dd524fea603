/** What users say of themselves: their name, a picture, a line about themselves. An account that was deleted says nothing. */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql } from 'kysely';
import type { DirectoryDatabase } from './database.ts';

export const maxDisplayNameChars = 100;
export const maxAboutChars = 139;
export const maxPictureUrlChars = 500;

/** What any other user may see. */
export interface Profile {
  readonly userId: string;
  /** Empty if the account was deleted. */
  readonly displayName: string;
  readonly about: string | null;
  readonly pictureUrl: string | null;
  readonly isDeleted: boolean;
  readonly updatedAtMs: number;
}

/** What the user sees of themselves. */
export interface OwnProfile extends Profile {
  readonly phoneNumber: string;
}

/** What is not named stays. */
export interface ProfileChanges {
  readonly displayName?: string | undefined;
  readonly about?: string | null | undefined;
  readonly pictureUrl?: string | null | undefined;
}

const columns = [
  'user_id',
  'phone_number',
  'display_name',
  'about',
  'profile_picture_url',
  'deleted_at',
  'updated_at',
] as const;

interface ProfileRow {
  readonly user_id: string;
  readonly phone_number: string | null;
  readonly display_name: string;
  readonly about: string | null;
  readonly profile_picture_url: string | null;
  readonly deleted_at: Date | null;
  readonly updated_at: Date;
}

function profileOf(row: ProfileRow): Profile {
  return {
    userId: row.user_id,
    displayName: row.display_name,
    about: row.about,
    pictureUrl: row.profile_picture_url,
    isDeleted: row.deleted_at !== null,
    updatedAtMs: row.updated_at.getTime(),
  };
}

function ownProfileOf(row: ProfileRow | undefined): OwnProfile {
  const phoneNumber = row?.phone_number ?? null;
  if (row === undefined || phoneNumber === null) throw new ParleyError('not_found');
  return { ...profileOf(row), phoneNumber };
}

export class Profiles {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;

  constructor(options: { readonly database: DirectoryDatabase; readonly clock: Clock }) {
    this.#database = options.database;
    this.#clock = options.clock;
  }

  /** @throws ParleyError `not_found` also if the account was deleted */
  async own(userId: string): Promise<OwnProfile> {
    const row = await this.#database.run((db) =>
      db.selectFrom('users').select(columns).where('user_id', '=', userId).executeTakeFirst(),
    );
    return ownProfileOf(row);
  }

  /** Of those that there are, in no order; deleted accounts are among them. */
  async of(userIds: readonly string[]): Promise<readonly Profile[]> {
    const rows = await this.#database.run((db) =>
      db.selectFrom('users').select(columns).where('user_id', '=', sql<string>`ANY(${userIds}::uuid[])`).execute(),
    );
    return rows.map(profileOf);
  }

  /** Resolves to the profile afterwards. @throws ParleyError `not_found` also if the account was deleted */
  async change(userId: string, { displayName, about, pictureUrl }: ProfileChanges): Promise<OwnProfile> {
    const row = await this.#database.run((db) =>
      db
        .updateTable('users')
        .set({
          ...(displayName === undefined ? {} : { display_name: displayName }),
          ...(about === undefined ? {} : { about }),
          ...(pictureUrl === undefined ? {} : { profile_picture_url: pictureUrl }),
          updated_at: new Date(this.#clock.nowMs()),
        })
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .returning(columns)
        .executeTakeFirst(),
    );
    return ownProfileOf(row);
  }
}
