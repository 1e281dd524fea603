// Generated from the .avsc files by `npm run generate`; do not edit.

/** One record of a sealed block. */
export interface SealedRecord {
  /** its offset less from_offset */
  offset_delta: number;
  /** the first 16 bytes of the SHA-256 of its timestamp, key, value and headers */
  digest: Buffer;
}

/** The hash chain over one partition of a topic up to an offset, with a short hash of every record of its block, so that a record that is changed later can be named. */
export interface AuditCheckpoint {
  /** which topic is sealed */
  topic: string;
  /** which of its partitions; the checkpoint lies in the partition of the same number */
  partition: number;
  /** 1 for the first checkpoint of a partition, then one more each */
  number: number;
  /** SHA-256 of the previous checkpoint's Avro body; empty for the first */
  previous: Buffer;
  /** where the block begins; the to_offset of the previous checkpoint */
  from_offset: number;
  /** where the block ends, exclusive: everything below it is sealed */
  to_offset: number;
  /** every record of the block, in order; offsets that are absent here held no record */
  records: SealedRecord[];
  /** SHA-256 chain over all records of the partition below to_offset */
  chain: Buffer;
  /** when */
  sealed_at_ms: number;
}

/** One user of a 1:1 conversation has blocked the other, or no longer does. Appended by the directory relay only. */
export interface BlockChanged {
  /** of the two */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** who blocks */
  blocker_id: string;
  /** whose messages are withheld */
  blocked_id: string;
  /** false: no longer */
  blocked: boolean;
  /** version of the rules */
  rules_version: number;
}

export type WhoMay = 'everyone' | 'admins';

/** Title, description, picture or settings of a group changed; what is null did not. Appended by the directory relay only. */
export interface ConversationChanged {
  /** the group */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** by whom */
  changed_by: string;
  /** new name of the group */
  title: null | string;
  /** new description; empty for none */
  description: null | string;
  /** where the new picture is; empty for none */
  picture_url: null | string;
  /** who may send messages from now on */
  who_may_send: null | WhoMay;
  /** who may change title, description, picture and timer from now on */
  who_may_edit: null | WhoMay;
  /** version of the rules */
  rules_version: number;
}

export type MemberRole = 'member' | 'admin';

/** One member at the creation of a group. */
export interface InitialMember {
  /** who is in */
  user_id: string;
  /** as what */
  role: MemberRole;
}

/** A group came to be. Appended by the directory relay only. */
export interface ConversationCreated {
  /** group id, never a version 5 UUID */
  conversation_id: string;
  /** per-conversation version; 1 for the creation */
  directory_version: number;
  /** who created it */
  created_by: string;
  /** everyone who is in from the start */
  members: InitialMember[];
  /** version of the rules */
  rules_version: number;
  /** name of the group */
  title: null | string;
  /** what the group is for */
  description: null | string;
  /** where the picture of the group is */
  picture_url: null | string;
  /** who may send messages */
  who_may_send: WhoMay;
  /** who may change title, description, picture and timer */
  who_may_edit: WhoMay;
}

/** Messages of a conversation disappear after another time from now on. Appended by the directory relay only. */
export interface ConversationTimerChanged {
  /** a group, or a 1:1 conversation */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** 0 for off */
  timer_seconds: number;
  /** by whom */
  changed_by: string;
  /** 1:1: the other user */
  peer_id: null | string;
  /** version of the rules */
  rules_version: number;
}

/** A record that no version of the code can process, kept whole so that it can be looked at and sent again. */
export interface DeadLetter {
  /** where it stood */
  topic: string;
  /** where it stood */
  partition: number;
  /** where it stood */
  offset: number;
  /** its record timestamp */
  timestamp_ms: number;
  /** its key */
  key: null | Buffer;
  /** its value, byte for byte */
  value: null | Buffer;
  /** why, from the error catalogue */
  code: string;
  /** why, without private data */
  detail: string;
}

export type JoinedVia = 'added' | 'invite_link';

/** A user joined a group. Appended by the directory relay only. */
export interface MemberAdded {
  /** the group */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** who joined */
  user_id: string;
  /** as what */
  role: MemberRole;
  /** by whom */
  added_by: string;
  /** version of the rules */
  rules_version: number;
  /** added by a member, or by an invite link (added_by is the joiner then) */
  via: JoinedVia;
}

/** A user left or was removed from a group. Appended by the directory relay only. */
export interface MemberRemoved {
  /** the group */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** who is out */
  user_id: string;
  /** by whom; the same as user_id when they left */
  removed_by: string;
  /** version of the rules */
  rules_version: number;
}

/** A member of a group became an admin, or is one no more. Appended by the directory relay only. */
export interface MemberRoleChanged {
  /** the group */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** whose role */
  user_id: string;
  /** what they are now */
  role: MemberRole;
  /** by whom; the last admin who leaves hands the role on */
  changed_by: string;
  /** version of the rules */
  rules_version: number;
}

export type MessageType = 'text' | 'image' | 'video' | 'audio' | 'document' | 'edit' | 'delete' | 'reaction' | 'mls' | 'system';

/** The message that an edit, delete, reaction or reply names, as the gateway read it from the message store */
export interface MessageTarget {
  /** ULID of the target */
  message_id: string;
  /** seq of the target */
  seq: number;
  /** who sent the target */
  sender_id: string;
  /** what the target is */
  message_type: MessageType;
  /** accepted time T of the target */
  at_ms: number;
}

export type MlsKind = 'commit' | 'proposal' | 'welcome' | 'unusable';

/** What a message of the MLS key agreement says in clear; its body stays opaque. */
export interface MlsHeader {
  /** what it is */
  kind: MlsKind;
  /** of the MLS group; another one in each generation */
  group_id: Buffer;
  /** 0 for the conversation's first MLS group */
  generation: number;
  /** commit, proposal: the one that it was made in; welcome: the one that it leads into; unusable: the one that the commit was made in */
  epoch: number;
  /** commit: up to where its device had applied the conversation; 0 otherwise */
  after_seq: number;
  /** welcome: whose devices alone are given the body; null otherwise */
  recipient_id: null | string;
}

/** A device sent something into a conversation; appended by a gateway, which stamps who sent it and what the target was. The record timestamp is the receive time. */
export interface MessageSent {
  /** 1:1: UUIDv5 of the two sorted user ids; group: made by the server */
  conversation_id: string;
  /** 1:1 only: the other user; the fold checks conversation_id against it */
  peer_id: null | string;
  /** ULID made by the client; its time must lie within the window of the receive time */
  message_id: string;
  /** stamped by the gateway from the access token */
  sender_id: string;
  /** stamped by the gateway from the access token */
  sender_device_id: string;
  /** what it is */
  message_type: MessageType;
  /** ciphertext made by the client; never read by a server */
  encrypted_body: Buffer;
  /** at most 200 characters, chosen by the client, or null */
  preview: null | string;
  /** where the encrypted media is */
  media_url: null | string;
  /** where the encrypted thumbnail is */
  thumbnail_url: null | string;
  /** the message that this one answers */
  reply_to: null | string;
  /** facts about the target, stamped by the gateway; rows are immutable, so these never change */
  target: null | MessageTarget;
  /** the disappearing timer that the client made this for; 0 for none */
  timer_seconds: number;
  /** with a timer: body, preview and URLs, sealed under the data key of conversation, day and timer; those fields are empty then */
  sealed_content: null | Buffer;
  /** of a message of type mls; null for all others */
  mls: null | MlsHeader;
  /** version of the limits and rules that the appender applied; the fold keeps the code of every version */
  rules_version: number;
}

/** An admin replaced the group's MLS group, because a commit of it was one that nobody can apply. Appended by the directory relay only. */
export interface MlsGenerationOpened {
  /** the group */
  conversation_id: string;
  /** last + 1 */
  directory_version: number;
  /** the generation that ends; of no effect if it is not the current one */
  from_generation: number;
  /** by whom */
  opened_by: string;
  /** version of the rules */
  rules_version: number;
}

export type PersonalMarkKind = 'other' | 'pinned' | 'archived' | 'muted' | 'unread' | 'cleared' | 'read';

/** What a user keeps about a conversation for themselves alone, set on one device: nobody else is told. */
export interface PersonalMarkSet {
  /** the conversation */
  conversation_id: string;
  /** whose mark */
  user_id: string;
  /** the device that set it */
  device_id: string;
  /** what is kept */
  kind: PersonalMarkKind;
  /** pinned: since when; archived, unread: 1; muted: until when; cleared, read: up to which seq; 0: no longer */
  value: number;
  /** cleared, read: countable messages up to value */
  ordinal: number;
  /** the greater one stands: microseconds, beyond every version that the gateway knew; cleared, read: the value */
  version: number;
  /** when the gateway received it */
  at_ms: number;
}

export type PresenceStatus = 'online' | 'offline';

/** A connection of a device opened or ended. */
export interface PresenceChanged {
  /** whose */
  user_id: string;
  /** which device */
  device_id: string;
  /** grows per device; offline ends only the connection that it names */
  connection_id: number;
  /** who holds the connection */
  gateway_id: string;
  /** online or offline */
  status: PresenceStatus;
  /** when; for a swept lease, when it was last renewed */
  at_ms: number;
  /** true if the sweep of leases ended it, not the gateway */
  swept: boolean;
}

export type Platform = 'ios' | 'android' | 'web' | 'desktop';

export type PushReason = 'offline' | 'unacknowledged' | 'gateway_lost';

/** One notification for one device that did not get a message live. */
export interface PushJob {
  /** UUIDv5 of message and device: the same work has the same id */
  job_id: string;
  /** to whom */
  recipient_user_id: string;
  /** to which device */
  recipient_device_id: string;
  /** from whom; null for a summary */
  sender_user_id: null | string;
  /** resolved when the job is sent, if null */
  sender_display_name: null | string;
  /** chosen by the sender's client, at most 200 characters; null: New message */
  message_preview: null | string;
  /** in which conversation */
  conversation_id: string;
  /** the newest message */
  message_id: null | string;
  /** its seq */
  seq: number;
  /** resolved when the job is sent, if null */
  platform: null | Platform;
  /** 1 for the first */
  attempt: number;
  /** when */
  enqueued_at_ms: number;
  /** not sent after this */
  expires_at_ms: null | number;
  /** why it was not live */
  reason: PushReason;
}

export type ReceiptKind = 'delivered' | 'read';

/** A watermark of one member on one device: everything up to seq was delivered to, or read on, that device. */
export interface ReceiptAdvanced {
  /** the conversation */
  conversation_id: string;
  /** the member */
  user_id: string;
  /** the device that said so */
  device_id: string;
  /** delivered or read */
  kind: ReceiptKind;
  /** highest seq below which the device lacks nothing */
  seq: number;
  /** of the message at seq; used by read only, to compute unread */
  ordinal: number;
  /** when the gateway received it */
  at_ms: number;
}

/** Every event by its name. */
export interface EventTypes {
  audit_checkpoint: AuditCheckpoint;
  block_changed: BlockChanged;
  conversation_changed: ConversationChanged;
  conversation_created: ConversationCreated;
  conversation_timer_changed: ConversationTimerChanged;
  dead_letter: DeadLetter;
  member_added: MemberAdded;
  member_removed: MemberRemoved;
  member_role_changed: MemberRoleChanged;
  message_sent: MessageSent;
  mls_generation_opened: MlsGenerationOpened;
  personal_mark_set: PersonalMarkSet;
  presence_changed: PresenceChanged;
  push_job: PushJob;
  receipt_advanced: ReceiptAdvanced;
}

export type EventName = keyof EventTypes;

export const eventSchemas = {
  audit_checkpoint: {"type":"record","name":"AuditCheckpoint","namespace":"parley.events","doc":"The hash chain over one partition of a topic up to an offset, with a short hash of every record of its block, so that a record that is changed later can be named.","fields":[{"name":"topic","type":"string","doc":"which topic is sealed"},{"name":"partition","type":"int","doc":"which of its partitions; the checkpoint lies in the partition of the same number"},{"name":"number","type":"long","doc":"1 for the first checkpoint of a partition, then one more each"},{"name":"previous","type":"bytes","doc":"SHA-256 of the previous checkpoint's Avro body; empty for the first"},{"name":"from_offset","type":"long","doc":"where the block begins; the to_offset of the previous checkpoint"},{"name":"to_offset","type":"long","doc":"where the block ends, exclusive: everything below it is sealed"},{"name":"records","type":{"type":"array","items":{"type":"record","name":"SealedRecord","namespace":"parley.types","doc":"One record of a sealed block.","fields":[{"name":"offset_delta","type":"int","doc":"its offset less from_offset"},{"name":"digest","type":"bytes","doc":"the first 16 bytes of the SHA-256 of its timestamp, key, value and headers"}]}},"doc":"every record of the block, in order; offsets that are absent here held no record"},{"name":"chain","type":"bytes","doc":"SHA-256 chain over all records of the partition below to_offset"},{"name":"sealed_at_ms","type":"long","doc":"when"}]},
  block_changed: {"type":"record","name":"BlockChanged","namespace":"parley.events","doc":"One user of a 1:1 conversation has blocked the other, or no longer does. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"of the two"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"blocker_id","type":{"type":"string","logicalType":"uuid"},"doc":"who blocks"},{"name":"blocked_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose messages are withheld"},{"name":"blocked","type":"boolean","doc":"false: no longer"},{"name":"rules_version","type":"int","doc":"version of the rules"}]},
  conversation_changed: {"type":"record","name":"ConversationChanged","namespace":"parley.events","doc":"Title, description, picture or settings of a group changed; what is null did not. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the group"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"changed_by","type":{"type":"string","logicalType":"uuid"},"doc":"by whom"},{"name":"title","type":["null","string"],"doc":"new name of the group","default":null},{"name":"description","type":["null","string"],"doc":"new description; empty for none","default":null},{"name":"picture_url","type":["null","string"],"doc":"where the new picture is; empty for none","default":null},{"name":"who_may_send","type":["null",{"type":"enum","name":"WhoMay","namespace":"parley.types","doc":"Which members of a group may do something.","symbols":["everyone","admins"],"default":"everyone"}],"doc":"who may send messages from now on","default":null},{"name":"who_may_edit","type":["null","parley.types.WhoMay"],"doc":"who may change title, description, picture and timer from now on","default":null},{"name":"rules_version","type":"int","doc":"version of the rules"}]},
  conversation_created: {"type":"record","name":"ConversationCreated","namespace":"parley.events","doc":"A group came to be. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"group id, never a version 5 UUID"},{"name":"directory_version","type":"long","doc":"per-conversation version; 1 for the creation"},{"name":"created_by","type":{"type":"string","logicalType":"uuid"},"doc":"who created it"},{"name":"members","type":{"type":"array","items":{"type":"record","name":"InitialMember","namespace":"parley.types","doc":"One member at the creation of a group.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"who is in"},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"parley.types","doc":"An admin may change the group; a member may not.","symbols":["member","admin"],"default":"member"},"doc":"as what"}]}},"doc":"everyone who is in from the start"},{"name":"rules_version","type":"int","doc":"version of the rules"},{"name":"title","type":["null","string"],"doc":"name of the group","default":null},{"name":"description","type":["null","string"],"doc":"what the group is for","default":null},{"name":"picture_url","type":["null","string"],"doc":"where the picture of the group is","default":null},{"name":"who_may_send","type":{"type":"enum","name":"WhoMay","namespace":"parley.types","doc":"Which members of a group may do something.","symbols":["everyone","admins"],"default":"everyone"},"doc":"who may send messages","default":"everyone"},{"name":"who_may_edit","type":"parley.types.WhoMay","doc":"who may change title, description, picture and timer","default":"everyone"}]},
  conversation_timer_changed: {"type":"record","name":"ConversationTimerChanged","namespace":"parley.events","doc":"Messages of a conversation disappear after another time from now on. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"a group, or a 1:1 conversation"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"timer_seconds","type":"int","doc":"0 for off"},{"name":"changed_by","type":{"type":"string","logicalType":"uuid"},"doc":"by whom"},{"name":"peer_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"1:1: the other user","default":null},{"name":"rules_version","type":"int","doc":"version of the rules"}]},
  dead_letter: {"type":"record","name":"DeadLetter","namespace":"parley.events","doc":"A record that no version of the code can process, kept whole so that it can be looked at and sent again.","fields":[{"name":"topic","type":"string","doc":"where it stood"},{"name":"partition","type":"int","doc":"where it stood"},{"name":"offset","type":"long","doc":"where it stood"},{"name":"timestamp_ms","type":"long","doc":"its record timestamp"},{"name":"key","type":["null","bytes"],"doc":"its key","default":null},{"name":"value","type":["null","bytes"],"doc":"its value, byte for byte","default":null},{"name":"code","type":"string","doc":"why, from the error catalogue"},{"name":"detail","type":"string","doc":"why, without private data"}]},
  member_added: {"type":"record","name":"MemberAdded","namespace":"parley.events","doc":"A user joined a group. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the group"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"who joined"},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"parley.types","doc":"An admin may change the group; a member may not.","symbols":["member","admin"],"default":"member"},"doc":"as what"},{"name":"added_by","type":{"type":"string","logicalType":"uuid"},"doc":"by whom"},{"name":"rules_version","type":"int","doc":"version of the rules"},{"name":"via","type":{"type":"enum","name":"JoinedVia","namespace":"parley.types","doc":"How a user came into a group.","symbols":["added","invite_link"],"default":"added"},"doc":"added by a member, or by an invite link (added_by is the joiner then)","default":"added"}]},
  member_removed: {"type":"record","name":"MemberRemoved","namespace":"parley.events","doc":"A user left or was removed from a group. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the group"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"who is out"},{"name":"removed_by","type":{"type":"string","logicalType":"uuid"},"doc":"by whom; the same as user_id when they left"},{"name":"rules_version","type":"int","doc":"version of the rules"}]},
  member_role_changed: {"type":"record","name":"MemberRoleChanged","namespace":"parley.events","doc":"A member of a group became an admin, or is one no more. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the group"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose role"},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"parley.types","doc":"An admin may change the group; a member may not.","symbols":["member","admin"],"default":"member"},"doc":"what they are now"},{"name":"changed_by","type":{"type":"string","logicalType":"uuid"},"doc":"by whom; the last admin who leaves hands the role on"},{"name":"rules_version","type":"int","doc":"version of the rules"}]},
  message_sent: {"type":"record","name":"MessageSent","namespace":"parley.events","doc":"A device sent something into a conversation; appended by a gateway, which stamps who sent it and what the target was. The record timestamp is the receive time.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"1:1: UUIDv5 of the two sorted user ids; group: made by the server"},{"name":"peer_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"1:1 only: the other user; the fold checks conversation_id against it","default":null},{"name":"message_id","type":"string","doc":"ULID made by the client; its time must lie within the window of the receive time"},{"name":"sender_id","type":{"type":"string","logicalType":"uuid"},"doc":"stamped by the gateway from the access token"},{"name":"sender_device_id","type":{"type":"string","logicalType":"uuid"},"doc":"stamped by the gateway from the access token"},{"name":"message_type","type":{"type":"enum","name":"MessageType","namespace":"parley.types","doc":"text and media carry content; edit, delete and reaction name a target and change how it is shown; system tells of a change to the group and is made by the server alone","symbols":["text","image","video","audio","document","edit","delete","reaction","mls","system"],"default":"text"},"doc":"what it is"},{"name":"encrypted_body","type":"bytes","doc":"ciphertext made by the client; never read by a server"},{"name":"preview","type":["null","string"],"doc":"at most 200 characters, chosen by the client, or null","default":null},{"name":"media_url","type":["null","string"],"doc":"where the encrypted media is","default":null},{"name":"thumbnail_url","type":["null","string"],"doc":"where the encrypted thumbnail is","default":null},{"name":"reply_to","type":["null","string"],"doc":"the message that this one answers","default":null},{"name":"target","type":["null",{"type":"record","name":"MessageTarget","namespace":"parley.types","doc":"The message that an edit, delete, reaction or reply names, as the gateway read it from the message store","fields":[{"name":"message_id","type":"string","doc":"ULID of the target"},{"name":"seq","type":"long","doc":"seq of the target"},{"name":"sender_id","type":{"type":"string","logicalType":"uuid"},"doc":"who sent the target"},{"name":"message_type","type":"MessageType","doc":"what the target is"},{"name":"at_ms","type":"long","doc":"accepted time T of the target"}]}],"doc":"facts about the target, stamped by the gateway; rows are immutable, so these never change","default":null},{"name":"timer_seconds","type":"int","doc":"the disappearing timer that the client made this for; 0 for none","default":0},{"name":"sealed_content","type":["null","bytes"],"doc":"with a timer: body, preview and URLs, sealed under the data key of conversation, day and timer; those fields are empty then","default":null},{"name":"mls","type":["null",{"type":"record","name":"MlsHeader","namespace":"parley.types","doc":"What a message of the MLS key agreement says in clear; its body stays opaque.","fields":[{"name":"kind","type":{"type":"enum","name":"MlsKind","namespace":"parley.types","doc":"commit: begins the next epoch; proposal: for a commit of the current one; welcome: lets one user's devices into the group; unusable: the sender cannot apply the commit that was accepted for this epoch","symbols":["commit","proposal","welcome","unusable"],"default":"unusable"},"doc":"what it is"},{"name":"group_id","type":"bytes","doc":"of the MLS group; another one in each generation"},{"name":"generation","type":"long","doc":"0 for the conversation's first MLS group"},{"name":"epoch","type":"long","doc":"commit, proposal: the one that it was made in; welcome: the one that it leads into; unusable: the one that the commit was made in"},{"name":"after_seq","type":"long","doc":"commit: up to where its device had applied the conversation; 0 otherwise"},{"name":"recipient_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"welcome: whose devices alone are given the body; null otherwise","default":null}]}],"doc":"of a message of type mls; null for all others","default":null},{"name":"rules_version","type":"int","doc":"version of the limits and rules that the appender applied; the fold keeps the code of every version"}]},
  mls_generation_opened: {"type":"record","name":"MlsGenerationOpened","namespace":"parley.events","doc":"An admin replaced the group's MLS group, because a commit of it was one that nobody can apply. Appended by the directory relay only.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the group"},{"name":"directory_version","type":"long","doc":"last + 1"},{"name":"from_generation","type":"long","doc":"the generation that ends; of no effect if it is not the current one"},{"name":"opened_by","type":{"type":"string","logicalType":"uuid"},"doc":"by whom"},{"name":"rules_version","type":"int","doc":"version of the rules"}]},
  personal_mark_set: {"type":"record","name":"PersonalMarkSet","namespace":"parley.events","doc":"What a user keeps about a conversation for themselves alone, set on one device: nobody else is told.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose mark"},{"name":"device_id","type":{"type":"string","logicalType":"uuid"},"doc":"the device that set it"},{"name":"kind","type":{"type":"enum","name":"PersonalMarkKind","namespace":"parley.types","doc":"What is kept. read is a watermark that only the user's own devices learn of; other is ignored.","symbols":["other","pinned","archived","muted","unread","cleared","read"],"default":"other"},"doc":"what is kept"},{"name":"value","type":"long","doc":"pinned: since when; archived, unread: 1; muted: until when; cleared, read: up to which seq; 0: no longer"},{"name":"ordinal","type":"long","doc":"cleared, read: countable messages up to value","default":0},{"name":"version","type":"long","doc":"the greater one stands: microseconds, beyond every version that the gateway knew; cleared, read: the value"},{"name":"at_ms","type":"long","doc":"when the gateway received it"}]},
  presence_changed: {"type":"record","name":"PresenceChanged","namespace":"parley.events","doc":"A connection of a device opened or ended.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose"},{"name":"device_id","type":{"type":"string","logicalType":"uuid"},"doc":"which device"},{"name":"connection_id","type":"long","doc":"grows per device; offline ends only the connection that it names"},{"name":"gateway_id","type":"string","doc":"who holds the connection"},{"name":"status","type":{"type":"enum","name":"PresenceStatus","namespace":"parley.types","doc":"Whether a device is connected.","symbols":["online","offline"],"default":"offline"},"doc":"online or offline"},{"name":"at_ms","type":"long","doc":"when; for a swept lease, when it was last renewed"},{"name":"swept","type":"boolean","doc":"true if the sweep of leases ended it, not the gateway","default":false}]},
  push_job: {"type":"record","name":"PushJob","namespace":"parley.events","doc":"One notification for one device that did not get a message live.","fields":[{"name":"job_id","type":{"type":"string","logicalType":"uuid"},"doc":"UUIDv5 of message and device: the same work has the same id"},{"name":"recipient_user_id","type":{"type":"string","logicalType":"uuid"},"doc":"to whom"},{"name":"recipient_device_id","type":{"type":"string","logicalType":"uuid"},"doc":"to which device"},{"name":"sender_user_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"from whom; null for a summary","default":null},{"name":"sender_display_name","type":["null","string"],"doc":"resolved when the job is sent, if null","default":null},{"name":"message_preview","type":["null","string"],"doc":"chosen by the sender's client, at most 200 characters; null: New message","default":null},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"in which conversation"},{"name":"message_id","type":["null","string"],"doc":"the newest message","default":null},{"name":"seq","type":"long","doc":"its seq"},{"name":"platform","type":["null",{"type":"enum","name":"Platform","namespace":"parley.types","doc":"Which push service reaches the device.","symbols":["ios","android","web","desktop"],"default":"web"}],"doc":"resolved when the job is sent, if null","default":null},{"name":"attempt","type":"int","doc":"1 for the first"},{"name":"enqueued_at_ms","type":"long","doc":"when"},{"name":"expires_at_ms","type":["null","long"],"doc":"not sent after this","default":null},{"name":"reason","type":{"type":"enum","name":"PushReason","namespace":"parley.types","doc":"offline: no live session; unacknowledged: sent live but not acknowledged in time; gateway_lost: its gateway died.","symbols":["offline","unacknowledged","gateway_lost"],"default":"offline"},"doc":"why it was not live"}]},
  receipt_advanced: {"type":"record","name":"ReceiptAdvanced","namespace":"parley.events","doc":"A watermark of one member on one device: everything up to seq was delivered to, or read on, that device.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"the member"},{"name":"device_id","type":{"type":"string","logicalType":"uuid"},"doc":"the device that said so"},{"name":"kind","type":{"type":"enum","name":"ReceiptKind","namespace":"parley.types","doc":"delivered: the device has it; read: the user has seen it.","symbols":["delivered","read"],"default":"delivered"},"doc":"delivered or read"},{"name":"seq","type":"long","doc":"highest seq below which the device lacks nothing"},{"name":"ordinal","type":"long","doc":"of the message at seq; used by read only, to compute unread","default":0},{"name":"at_ms","type":"long","doc":"when the gateway received it"}]},
} as const;
