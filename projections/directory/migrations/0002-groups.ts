/** Conversations with a directory version, groups with their members and invite links, and the outbox of directory events. */
export const groups = [
  // One row for each conversation that the directory has something to say about, groups first. Its lock orders the changes, its
  // version numbers them, its lease keeps two relays from sending the same.
  `CREATE TABLE conversations (
     conversation_id uuid PRIMARY KEY,
     conversation_type varchar(10) NOT NULL CHECK (conversation_type IN ('one_on_one', 'group')),
     version integer NOT NULL,
     created_at timestamptz(3) NOT NULL,
     relay_holder uuid,
     relay_lease_until timestamptz(3)
   )`,
  `CREATE TABLE groups (
     group_id uuid PRIMARY KEY REFERENCES conversations,
     title varchar(100) NOT NULL,
     description varchar(512),
     picture_url varchar(500),
     who_may_send varchar(10) NOT NULL CHECK (who_may_send IN ('everyone', 'admins')),
     who_may_edit varchar(10) NOT NULL CHECK (who_may_edit IN ('everyone', 'admins')),
     max_members smallint NOT NULL DEFAULT 256 CHECK (max_members BETWEEN 2 AND 1024),
     created_by uuid NOT NULL,
     created_at timestamptz(3) NOT NULL
   )`,
  // Nobody vanishes from a group without an event: a user who is in one can't be deleted.
  `CREATE TABLE group_members (
     group_id uuid NOT NULL REFERENCES groups,
     user_id uuid NOT NULL REFERENCES users,
     role varchar(10) NOT NULL CHECK (role IN ('member', 'admin')),
     joined_at timestamptz(3) NOT NULL,
     joined_version integer NOT NULL,
     PRIMARY KEY (group_id, user_id)
   )`,
  'CREATE INDEX group_members_by_user ON group_members (user_id, group_id)',
  `CREATE TABLE group_invites (
     group_id uuid PRIMARY KEY REFERENCES groups,
     invite_id uuid NOT NULL,
     token_hash bytea NOT NULL UNIQUE,
     created_by uuid NOT NULL,
     created_at timestamptz(3) NOT NULL
   )`,
  `CREATE TABLE outbox (
     conversation_id uuid NOT NULL REFERENCES conversations,
     version integer NOT NULL,
     event_name varchar(40) NOT NULL,
     event jsonb NOT NULL,
     created_at timestamptz(3) NOT NULL,
     sent_at timestamptz(3),
     PRIMARY KEY (conversation_id, version)
   )`,
  'CREATE INDEX outbox_unsent ON outbox (conversation_id, version) WHERE sent_at IS NULL',
  'CREATE INDEX outbox_unsent_by_age ON outbox (created_at) WHERE sent_at IS NULL',
  'CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL',
  `CREATE TABLE directory_requests (
     user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     request_key varchar(64) NOT NULL,
     request_hash bytea NOT NULL,
     conversation_id uuid NOT NULL,
     created_at timestamptz(3) NOT NULL,
     PRIMARY KEY (user_id, request_key)
   )`,
  'CREATE INDEX directory_requests_by_age ON directory_requests (created_at)',
] as const;
