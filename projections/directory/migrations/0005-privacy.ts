/** Who may know what of a user. No row: the defaults. */
export const privacy = [
  `CREATE TABLE privacy_settings (
     user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
     last_seen varchar(10) NOT NULL CHECK (last_seen IN ('everyone', 'contacts', 'nobody')),
     read_receipts boolean NOT NULL,
     updated_at timestamptz(3) NOT NULL
   )`,
] as const;
