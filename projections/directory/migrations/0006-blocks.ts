/** Who has blocked whom. A block outlives the account of who was blocked, and not that of who blocks. */
export const blocks = [
  `CREATE TABLE blocks (
     blocker_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     blocked_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     created_at timestamptz(3) NOT NULL,
     PRIMARY KEY (blocker_id, blocked_id),
     CHECK (blocker_id <> blocked_id)
   )`,
] as const;
