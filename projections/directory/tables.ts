/** The directory's tables as Kysely sees them; the migrations make them. */
import type { MemberRole, Platform, WhoMay } from '@parley/schemas/generated/events';
import type { ColumnType } from 'kysely';
import type { KeyKind } from './keys.ts';
import type { Audience } from './privacy.ts';
import type { ReportReason } from './reports.ts';

/** Set when the row is made, never changed. */
type Fixed<T> = ColumnType<T, T, never>;

export interface UsersTable {
  user_id: Fixed<string>;
  /** E.164; null once the account was deleted. */
  phone_number: ColumnType<string | null, string, null>;
  display_name: string;
  about: string | null;
  profile_picture_url: string | null;
  /** Kept by a trigger. */
  identity_version: ColumnType<number, never, never>;
  created_at: Fixed<Date>;
  updated_at: Date;
  deleted_at: Date | null;
  banned_at: ColumnType<Date | null, never, Date | null>;
}

export interface ContactsTable {
  user_id: Fixed<string>;
  contact_id: Fixed<string>;
  label: string;
  search_key: string;
  updated_at: Date;
}

/** At most one for a device that links. */
export interface DeviceLinksTable {
  made_by: Fixed<string>;
  link_id: string;
  user_id: string;
  selector: string;
  verifier_hash: Buffer;
  attempts: number;
  expires_at: Date;
  linked_device_id: string | null;
}

export interface DevicesTable {
  device_id: Fixed<string>;
  user_id: Fixed<string>;
  platform: Fixed<Platform>;
  name: string;
  /** Opaque: the server never looks into it. */
  key_bundle: Buffer;
  /** Opaque, as all keys are; null until the device hands it in. */
  identity_key: Buffer | null;
  signed_prekey: Buffer | null;
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

export interface PrivacySettingsTable {
  user_id: Fixed<string>;
  last_seen: Audience;
  read_receipts: boolean;
  updated_at: Date;
}

export interface BlocksTable {
  blocker_id: Fixed<string>;
  blocked_id: Fixed<string>;
  created_at: Fixed<Date>;
}

export interface ReportsTable {
  report_id: Fixed<string>;
  reporter_id: Fixed<string>;
  about_user_id: Fixed<string | null>;
  about_group_id: Fixed<string | null>;
  reason: Fixed<ReportReason>;
  text: Fixed<string>;
  disclosed: ColumnType<{ message_id: string; text: string }[], string, never>;
  created_at: Fixed<Date>;
  handled_at: Date | null;
  handled_by: string | null;
}

export interface AdminAuditTable {
  audit_id: Fixed<string>;
  operator: Fixed<string>;
  action: Fixed<string>;
  target: Fixed<string | null>;
  at: Fixed<Date>;
}

export interface KeySuppliesTable {
  device_id: Fixed<string>;
  kind: Fixed<KeyKind>;
  next_key_id: number;
  last_resort_id: number | null;
  last_resort_key: Buffer | null;
}

export interface OneTimeKeysTable {
  device_id: Fixed<string>;
  kind: Fixed<KeyKind>;
  key_id: Fixed<number>;
  key: Fixed<Buffer>;
}

/** What the directory has something to say about. */
export interface ConversationsTable {
  conversation_id: Fixed<string>;
  conversation_type: Fixed<'one_on_one' | 'group'>;
  /** Of the last change. */
  version: number;
  /** After how long messages disappear; 0 for never. */
  timer_seconds: ColumnType<number, number | undefined, number>;
  created_at: Fixed<Date>;
  relay_holder: string | null;
  relay_lease_until: Date | null;
}

export interface GroupsTable {
  group_id: Fixed<string>;
  title: string;
  description: string | null;
  picture_url: string | null;
  who_may_send: WhoMay;
  who_may_edit: WhoMay;
  max_members: number;
  created_by: Fixed<string>;
  created_at: Fixed<Date>;
}

export interface GroupMembersTable {
  group_id: Fixed<string>;
  user_id: Fixed<string>;
  role: MemberRole;
  joined_at: Fixed<Date>;
  joined_version: Fixed<number>;
}

/** At most one for a group: who makes another takes the place of the one before. */
export interface GroupInvitesTable {
  group_id: Fixed<string>;
  invite_id: string;
  token_hash: Buffer;
  created_by: string;
  created_at: Date;
}

/** What the log has to be told, in the order of each conversation's versions. */
export interface OutboxTable {
  conversation_id: Fixed<string>;
  version: Fixed<number>;
  event_name: Fixed<string>;
  /** Written as text, read as a value. */
  event: ColumnType<unknown, string, never>;
  created_at: Fixed<Date>;
  sent_at: Date | null;
}

/** Requests with a key of the client's making that were done. */
export interface DirectoryRequestsTable {
  user_id: Fixed<string>;
  request_key: Fixed<string>;
  request_hash: Fixed<Buffer>;
  conversation_id: Fixed<string>;
  created_at: Fixed<Date>;
}

/** The keys under which the log holds what disappears. */
export interface DataKeysTable {
  conversation_id: Fixed<string>;
  day: Fixed<number>;
  timer_seconds: Fixed<number>;
  key: Fixed<Buffer>;
  destroy_at: Fixed<Date>;
}

export interface DirectoryTables {
  data_keys: DataKeysTable;
  blocks: BlocksTable;
  reports: ReportsTable;
  admin_audit: AdminAuditTable;
  users: UsersTable;
  devices: DevicesTable;
  refresh_tokens: RefreshTokensTable;
  one_time_codes: OneTimeCodesTable;
  contacts: ContactsTable;
  device_links: DeviceLinksTable;
  conversations: ConversationsTable;
  groups: GroupsTable;
  group_members: GroupMembersTable;
  group_invites: GroupInvitesTable;
  outbox: OutboxTable;
  directory_requests: DirectoryRequestsTable;
  key_supplies: KeySuppliesTable;
  one_time_keys: OneTimeKeysTable;
  privacy_settings: PrivacySettingsTable;
}
