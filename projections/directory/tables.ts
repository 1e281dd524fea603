/** The directory's tables as Kysely sees them; the migrations make them. */
import type { Platform } from '@parley/schemas/generated/events';
import type { ColumnType } from 'kysely';

/** Set when the row is made, never changed. */
type Fixed<T> = ColumnType<T, T, never>;

export interface UsersTable {
  user_id: Fixed<string>;
  /** E.164. */
  phone_number: Fixed<string>;
  display_name: string;
  profile_picture_url: string | null;
  created_at: Fixed<Date>;
  updated_at: Date;
}

export interface DevicesTable {
  device_id: Fixed<string>;
  user_id: Fixed<string>;
  platform: Fixed<Platform>;
  name: string;
  /** Opaque: the server never looks into it. */
  key_bundle: Buffer;
  push_token: string | null;
  created_at: Fixed<Date>;
  revoked_at: Date | null;
}

/** One row per device: the family is the device's, for its whole life. */
export interface RefreshTokensTable {
  device_id: Fixed<string>;
  family_hash: Fixed<Buffer>;
  /** Of the one token that is good for use. */
  token_hash: Buffer;
  expires_at: Date;
}

export interface OneTimeCodesTable {
  phone_number: Fixed<string>;
  /** Keyed with a secret that is not in the database. */
  code_hash: Buffer;
  attempts: number;
  expires_at: Date;
}

export interface DirectoryTables {
  users: UsersTable;
  devices: DevicesTable;
  refresh_tokens: RefreshTokensTable;
  one_time_codes: OneTimeCodesTable;
}
