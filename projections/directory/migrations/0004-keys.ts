/**
 * Public keys of devices, and the version of a user's identity.
 *
 * `identity_version` counts the devices that came, went or changed their identity. A trigger keeps it, so that no statement that
 * touches devices can forget to; it also takes away the one-time keys that nobody may be given any more: those of a revoked
 * device, and those that the device's former identity has signed.
 */
export const keys = [
  'ALTER TABLE users ADD COLUMN identity_version integer NOT NULL DEFAULT 1',
  'ALTER TABLE devices ADD COLUMN identity_key bytea, ADD COLUMN signed_prekey bytea',
  // One row for a device and kind of key: ids below next_key_id were handed in before, and are not taken again.
  `CREATE TABLE key_supplies (
     device_id uuid NOT NULL REFERENCES devices ON DELETE CASCADE,
     kind varchar(11) NOT NULL CHECK (kind IN ('prekey', 'key_package')),
     next_key_id integer NOT NULL,
     last_resort_id integer,
     last_resort_key bytea,
     PRIMARY KEY (device_id, kind)
   )`,
  `CREATE TABLE one_time_keys (
     device_id uuid NOT NULL,
     kind varchar(11) NOT NULL,
     key_id integer NOT NULL,
     key bytea NOT NULL,
     PRIMARY KEY (device_id, kind, key_id),
     FOREIGN KEY (device_id, kind) REFERENCES key_supplies ON DELETE CASCADE
   )`,
  `CREATE FUNCTION note_identity_change() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     UPDATE users SET identity_version = identity_version + 1 WHERE user_id = NEW.user_id;
     IF TG_OP = 'UPDATE' AND NEW.revoked_at IS NOT NULL THEN
       DELETE FROM key_supplies WHERE device_id = NEW.device_id;
     ELSIF TG_OP = 'UPDATE' AND OLD.identity_key IS NOT NULL
         AND OLD.identity_key IS DISTINCT FROM NEW.identity_key THEN
       DELETE FROM one_time_keys WHERE device_id = NEW.device_id;
       UPDATE key_supplies SET last_resort_id = NULL, last_resort_key = NULL WHERE device_id = NEW.device_id;
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER device_added AFTER INSERT ON devices
     FOR EACH ROW EXECUTE FUNCTION note_identity_change()`,
  `CREATE TRIGGER device_identity_changed AFTER UPDATE ON devices
     FOR EACH ROW WHEN ((OLD.revoked_at IS NULL) <> (NEW.revoked_at IS NULL)
       OR OLD.key_bundle <> NEW.key_bundle OR OLD.identity_key IS DISTINCT FROM NEW.identity_key)
     EXECUTE FUNCTION note_identity_change()`,
] as const;
