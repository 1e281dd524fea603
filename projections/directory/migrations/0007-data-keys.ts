/** Disappearing timers, and the keys under which the log holds what disappears: a row that is deleted is a key that is destroyed. */
export const dataKeys = [
  `CREATE TABLE data_keys (
     conversation_id uuid NOT NULL,
     day integer NOT NULL,
     timer_seconds integer NOT NULL CHECK (timer_seconds > 0),
     key bytea NOT NULL,
     destroy_at timestamptz(3) NOT NULL,
     PRIMARY KEY (conversation_id, day, timer_seconds)
   )`,
  'ALTER TABLE conversations ADD COLUMN timer_seconds integer NOT NULL DEFAULT 0 CHECK (timer_seconds >= 0)',
  'CREATE INDEX data_keys_by_end ON data_keys (destroy_at)',
] as const;
