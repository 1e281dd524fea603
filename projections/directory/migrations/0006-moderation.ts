/** Reports, who was banned, and what operators did. */
export const moderation = [
  `CREATE TABLE reports (
     report_id uuid PRIMARY KEY,
     reporter_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     about_user_id uuid,
     about_group_id uuid,
     reason varchar(20) NOT NULL,
     text varchar(1000) NOT NULL,
     disclosed jsonb NOT NULL,
     created_at timestamptz(3) NOT NULL,
     handled_at timestamptz(3),
     handled_by varchar(50),
     CHECK ((about_user_id IS NULL) <> (about_group_id IS NULL))
   )`,
  'CREATE INDEX reports_by_time ON reports (created_at, report_id)',
  'ALTER TABLE users ADD COLUMN banned_at timestamptz(3)',
  `CREATE TABLE admin_audit (
     audit_id uuid PRIMARY KEY,
     operator varchar(50) NOT NULL,
     action varchar(50) NOT NULL,
     target varchar(100),
     at timestamptz(3) NOT NULL
   )`,
  'CREATE INDEX admin_audit_by_time ON admin_audit (at, audit_id)',
] as const;
