// Generated from the .avsc files by `npm run generate`; do not edit.

export type ConversationType = 'one_on_one' | 'group';

export type MemberRole = 'member' | 'admin';

export interface SnapshotMember {
  user_id: string;
  role: MemberRole;
  joined_seq: number;
  left_seq: null | number;
}

export interface SnapshotBucket {
  bucket: number;
  sub_bucket: number;
  rows: number;
}

export interface SnapshotRecent {
  message_id: string;
  at_ms: number;
  seq: number;
  ordinal: number;
  refused: null | string;
  payload_hash: Buffer;
}

/** The state of the conversation fold after an offset; a cache of the log, never its source. */
export interface ConversationSnapshot {
  /** version of this layout; another version is rebuilt from the log */
  state_version: number;
  conversation_id: string;
  conversation_type: ConversationType;
  /** T of the last event */
  last_at_ms: number;
  last_seq: number;
  /** countable messages so far */
  last_ordinal: number;
  /** write timestamp of the last event */
  write_timestamp_us: number;
  directory_version: number;
  /** current members, and the last interval of former ones */
  members: SnapshotMember[];
  /** non-empty buckets, in order */
  buckets: SnapshotBucket[];
  /** ids decided in the last 120 s, oldest first */
  recent: SnapshotRecent[];
}

/** Every state by its name. */
export interface StateTypes {
  conversation_snapshot: ConversationSnapshot;
}

export type StateName = keyof StateTypes;

export const stateSchemas = {
  conversation_snapshot: {"type":"record","name":"ConversationSnapshot","namespace":"parley.state","doc":"The state of the conversation fold after an offset; a cache of the log, never its source.","fields":[{"name":"state_version","type":"int","doc":"version of this layout; another version is rebuilt from the log"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":""},{"name":"conversation_type","type":{"type":"enum","name":"ConversationType","namespace":"parley.types","symbols":["one_on_one","group"],"default":"one_on_one"},"doc":""},{"name":"last_at_ms","type":"long","doc":"T of the last event"},{"name":"last_seq","type":"long","doc":""},{"name":"last_ordinal","type":"long","doc":"countable messages so far"},{"name":"write_timestamp_us","type":"long","doc":"write timestamp of the last event"},{"name":"directory_version","type":"long","doc":""},{"name":"members","type":{"type":"array","items":{"type":"record","name":"SnapshotMember","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"}},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"parley.types","symbols":["member","admin"],"default":"member"}},{"name":"joined_seq","type":"long"},{"name":"left_seq","type":["null","long"],"default":null}]}},"doc":"current members, and the last interval of former ones"},{"name":"buckets","type":{"type":"array","items":{"type":"record","name":"SnapshotBucket","fields":[{"name":"bucket","type":"int"},{"name":"sub_bucket","type":"int"},{"name":"rows","type":"int"}]}},"doc":"non-empty buckets, in order"},{"name":"recent","type":{"type":"array","items":{"type":"record","name":"SnapshotRecent","fields":[{"name":"message_id","type":"string"},{"name":"at_ms","type":"long"},{"name":"seq","type":"long"},{"name":"ordinal","type":"long"},{"name":"refused","type":["null","string"],"default":null},{"name":"payload_hash","type":"bytes"}]}},"doc":"ids decided in the last 120 s, oldest first"}]},
} as const;
