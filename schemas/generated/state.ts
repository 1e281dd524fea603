// Generated from the .avsc files by `npm run generate`; do not edit.

export type ConversationType = 'one_on_one' | 'group';

export type WhoMay = 'everyone' | 'admins';

export type MemberRole = 'member' | 'admin';

/** One membership interval. */
export interface SnapshotMember {
  /** the member */
  user_id: string;
  /** as what */
  role: MemberRole;
  /** first seq that the member may see */
  joined_seq: number;
  /** first seq that the former member may not see; null while a member */
  left_seq: null | number;
}

/** Where the conversation's MLS group stands. */
export interface MlsSnapshot {
  /** of the conversation's MLS groups */
  generation: number;
  /** what the next commit is for */
  epoch: number;
  /** null before the generation's first commit */
  group_id: null | Buffer;
  /** of the last change that a commit must know of */
  changed_seq: number;
  /** of the last commit */
  commit_seq: number;
}

/** A bucket of message rows that is not empty. */
export interface SnapshotBucket {
  /** number of the 10 days of ULID time */
  bucket: number;
  /** grows by one after 100,000 rows */
  sub_bucket: number;
  /** rows in it */
  rows: number;
}

/** A non-empty bucket of what was withheld of a sender. */
export interface SnapshotWithheld {
  /** the sender */
  user_id: string;
  /** number of the 10 days of ULID time */
  bucket: number;
  /** grows by one after 100,000 rows */
  sub_bucket: number;
  /** rows in it */
  rows: number;
}

/** An id that was decided, and how. */
export interface SnapshotRecent {
  /** the id */
  message_id: string;
  /** T of the decision */
  at_ms: number;
  /** the seq given; 0 if refused */
  seq: number;
  /** the ordinal given; 0 if refused */
  ordinal: number;
  /** code of the refusal; null if accepted */
  refused: null | string;
  /** 16 bytes over what the client sent */
  payload_hash: Buffer;
}

/** The state of the conversation fold after an offset; a cache of the log, never its source. */
export interface ConversationSnapshot {
  /** version of this layout; another version is rebuilt from the log */
  state_version: number;
  /** whose state it is */
  conversation_id: string;
  /** one_on_one or group */
  conversation_type: ConversationType;
  /** T of the last event */
  last_at_ms: number;
  /** seq of the last accepted message; 0 before the first */
  last_seq: number;
  /** countable messages so far */
  last_ordinal: number;
  /** write timestamp of the last event */
  write_timestamp_us: number;
  /** version of the last directory event applied; 0 before the first */
  directory_version: number;
  /** who may send messages */
  who_may_send: WhoMay;
  /** after how long what is said disappears; 0 for never */
  timer_seconds: number;
  /** current members, and the last interval of former ones */
  members: SnapshotMember[];
  /** the MLS group */
  mls: MlsSnapshot;
  /** non-empty buckets, in order */
  buckets: SnapshotBucket[];
  /** 1:1: those of the two who have blocked the other, in order */
  blockers: string[];
  /** buckets of the senders' side partitions, in order */
  withheld: SnapshotWithheld[];
  /** ids decided in the last 120 s, oldest first */
  recent: SnapshotRecent[];
}

/** What a message that disappears carries, as it is sealed in the log under a data key. */
export interface SealedContent {
  /** ciphertext made by the client */
  encrypted_body: Buffer;
  /** chosen by the client, or null */
  preview: null | string;
  /** where the encrypted media is */
  media_url: null | string;
  /** where the encrypted thumbnail is */
  thumbnail_url: null | string;
}

/** Every state by its name. */
export interface StateTypes {
  conversation_snapshot: ConversationSnapshot;
  sealed_content: SealedContent;
}

export type StateName = keyof StateTypes;

export const stateSchemas = {
  conversation_snapshot: {"type":"record","name":"ConversationSnapshot","namespace":"parley.state","doc":"The state of the conversation fold after an offset; a cache of the log, never its source.","fields":[{"name":"state_version","type":"int","doc":"version of this layout; another version is rebuilt from the log"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose state it is"},{"name":"conversation_type","type":{"type":"enum","name":"ConversationType","namespace":"parley.types","doc":"Two users, or a group.","symbols":["one_on_one","group"],"default":"one_on_one"},"doc":"one_on_one or group"},{"name":"last_at_ms","type":"long","doc":"T of the last event"},{"name":"last_seq","type":"long","doc":"seq of the last accepted message; 0 before the first"},{"name":"last_ordinal","type":"long","doc":"countable messages so far"},{"name":"write_timestamp_us","type":"long","doc":"write timestamp of the last event"},{"name":"directory_version","type":"long","doc":"version of the last directory event applied; 0 before the first"},{"name":"who_may_send","type":{"type":"enum","name":"WhoMay","namespace":"parley.types","doc":"Which members of a group may do something.","symbols":["everyone","admins"],"default":"everyone"},"doc":"who may send messages"},{"name":"timer_seconds","type":"int","doc":"after how long what is said disappears; 0 for never"},{"name":"members","type":{"type":"array","items":{"type":"record","name":"SnapshotMember","doc":"One membership interval.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"the member"},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"parley.types","doc":"An admin may change the group; a member may not.","symbols":["member","admin"],"default":"member"},"doc":"as what"},{"name":"joined_seq","type":"long","doc":"first seq that the member may see"},{"name":"left_seq","type":["null","long"],"doc":"first seq that the former member may not see; null while a member","default":null}]}},"doc":"current members, and the last interval of former ones"},{"name":"mls","type":{"type":"record","name":"MlsSnapshot","namespace":"parley.types","doc":"Where the conversation's MLS group stands.","fields":[{"name":"generation","type":"long","doc":"of the conversation's MLS groups"},{"name":"epoch","type":"long","doc":"what the next commit is for"},{"name":"group_id","type":["null","bytes"],"doc":"null before the generation's first commit"},{"name":"changed_seq","type":"long","doc":"of the last change that a commit must know of"},{"name":"commit_seq","type":"long","doc":"of the last commit"}]},"doc":"the MLS group"},{"name":"buckets","type":{"type":"array","items":{"type":"record","name":"SnapshotBucket","doc":"A bucket of message rows that is not empty.","fields":[{"name":"bucket","type":"int","doc":"number of the 10 days of ULID time"},{"name":"sub_bucket","type":"int","doc":"grows by one after 100,000 rows"},{"name":"rows","type":"int","doc":"rows in it"}]}},"doc":"non-empty buckets, in order"},{"name":"blockers","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"1:1: those of the two who have blocked the other, in order"},{"name":"withheld","type":{"type":"array","items":{"type":"record","name":"SnapshotWithheld","doc":"A non-empty bucket of what was withheld of a sender.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"the sender"},{"name":"bucket","type":"int","doc":"number of the 10 days of ULID time"},{"name":"sub_bucket","type":"int","doc":"grows by one after 100,000 rows"},{"name":"rows","type":"int","doc":"rows in it"}]}},"doc":"buckets of the senders' side partitions, in order"},{"name":"recent","type":{"type":"array","items":{"type":"record","name":"SnapshotRecent","doc":"An id that was decided, and how.","fields":[{"name":"message_id","type":"string","doc":"the id"},{"name":"at_ms","type":"long","doc":"T of the decision"},{"name":"seq","type":"long","doc":"the seq given; 0 if refused"},{"name":"ordinal","type":"long","doc":"the ordinal given; 0 if refused"},{"name":"refused","type":["null","string"],"doc":"code of the refusal; null if accepted","default":null},{"name":"payload_hash","type":"bytes","doc":"16 bytes over what the client sent"}]}},"doc":"ids decided in the last 120 s, oldest first"}]},
  sealed_content: {"type":"record","name":"SealedContent","namespace":"parley.state","doc":"What a message that disappears carries, as it is sealed in the log under a data key.","fields":[{"name":"encrypted_body","type":"bytes","doc":"ciphertext made by the client"},{"name":"preview","type":["null","string"],"doc":"chosen by the client, or null"},{"name":"media_url","type":["null","string"],"doc":"where the encrypted media is"},{"name":"thumbnail_url","type":["null","string"],"doc":"where the encrypted thumbnail is"}]},
} as const;
