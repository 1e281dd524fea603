/** Users, their devices, and what proves that somebody is one of them. Statements for PostgreSQL and PGlite alike. */
export const accounts = [
  // The exclusion constraint is a hash index that is unique, which CREATE UNIQUE INDEX ... USING hash can't make.
  `CREATE TABLE users (
     user_id uuid PRIMARY KEY,
     phone_number varchar(20) NOT NULL,
     display_name varchar(100) NOT NULL,
     profile_picture_url varchar(500),
     created_at timestamptz(3) NOT NULL,
     updated_at timestamptz(3) NOT NULL,
     CONSTRAINT users_phone_number_unique EXCLUDE USING hash (phone_number WITH =)
   )`,
  `CREATE TABLE devices (
     device_id uuid PRIMARY KEY,
     user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     platform varchar(10) NOT NULL CHECK (platform IN ('ios', 'android', 'web', 'desktop')),
     name varchar(100) NOT NULL,
     key_bundle bytea NOT NULL,
     push_token varchar(4096),
     created_at timestamptz(3) NOT NULL,
     revoked_at timestamptz(3)
   )`,
  'CREATE INDEX devices_by_user ON devices (user_id) WHERE revoked_at IS NULL',
  'CREATE INDEX devices_by_push_token ON devices USING hash (push_token) WHERE push_token IS NOT NULL',
  'CREATE INDEX devices_by_revocation ON devices (revoked_at) WHERE revoked_at IS NOT NULL',
  `CREATE TABLE refresh_tokens (
     device_id uuid PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
     family_hash bytea NOT NULL,
     token_hash bytea NOT NULL,
     expires_at timestamptz(3) NOT NULL
   )`,
  `CREATE TABLE one_time_codes (
     phone_number varchar(20) PRIMARY KEY,
     code_hash bytea NOT NULL,
     attempts smallint NOT NULL,
     expires_at timestamptz(3) NOT NULL
   )`,
  'CREATE INDEX one_time_codes_by_expiry ON one_time_codes (expires_at)',
] as const;
