/** Profiles, deleted accounts, address books, and the codes by which devices are linked. */
export const people = [
  // A deleted account stays as a row without a person, so that its id in conversations still means something.
  `ALTER TABLE users
     ALTER COLUMN phone_number DROP NOT NULL,
     ADD COLUMN about varchar(139),
     ADD COLUMN deleted_at timestamptz(3),
     ADD CONSTRAINT users_deleted_have_no_number CHECK ((phone_number IS NULL) = (deleted_at IS NOT NULL))`,
  // search_key is the label as searches compare it: see contact-search.ts.
  `CREATE TABLE contacts (
     user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     contact_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     label varchar(100) NOT NULL,
     search_key varchar(200) COLLATE "C" NOT NULL,
     updated_at timestamptz(3) NOT NULL,
     PRIMARY KEY (user_id, contact_id)
   )`,
  'CREATE INDEX contacts_in_order ON contacts (user_id, search_key, contact_id)',
  'CREATE INDEX contacts_by_contact ON contacts (contact_id)',
  // At most one for a device that links: a new one takes the place of the one before.
  `CREATE TABLE device_links (
     made_by uuid PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
     link_id uuid NOT NULL UNIQUE,
     user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
     selector varchar(6) NOT NULL,
     verifier_hash bytea NOT NULL,
     attempts smallint NOT NULL,
     expires_at timestamptz(3) NOT NULL,
     linked_device_id uuid REFERENCES devices ON DELETE CASCADE
   )`,
  'CREATE INDEX device_links_by_selector ON device_links (selector)',
  'CREATE INDEX device_links_by_expiry ON device_links (expires_at)',
] as const;
