// Generated from the .avsc files by `npm run generate`; do not edit.

/** Server: verdict. The message has its place for ever. */
export interface AcceptedFrame {
  /** the conversation */
  conversation_id: string;
  /** of the send */
  message_id: string;
  /** its place in the conversation, from 1 without gaps */
  seq: number;
  /** countable messages up to here */
  ordinal: number;
  /** accepted time T */
  at_ms: number;
}

/** Server: the log holds it durably; the verdict follows. */
export interface AppendedFrame {
  /** the conversation */
  conversation_id: string;
  /** of the send */
  message_id: string;
}

/** Client: what stands around a message, or before or after it. Answered by a page. */
export interface AroundFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** ULID of the message; it is in the answer, if it is asked for. null: behind the newest */
  message_id: null | string;
  /** at most so many messages before it */
  before: number;
  /** at most so many messages after it */
  after: number;
  /** only image, video, audio and document; the page covers what was looked through */
  media_only: boolean;
}

/** Client: this device lacks nothing of the conversation up to seq. */
export interface DeliveredFrame {
  /** the conversation */
  conversation_id: string;
  /** highest seq below which the device lacks nothing */
  seq: number;
}

/** Server: a frame could not be taken; the connection stays up unless a close follows. */
export interface ErrorFrame {
  /** from the error catalogue */
  code: string;
  /** one sentence for a person */
  message: string;
  /** of the request */
  request_id: null | number;
  /** of the send */
  message_id: null | string;
  /** when the same may be tried again; null if the code names no delay */
  retry_after_ms: null | number;
}

/** Client: what comes after my cursor in this conversation (sync and gap repair). */
export interface FetchFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** the cursor: the highest seq below which this device lacks nothing; 0 for everything */
  after_seq: number;
  /** T of the message at the cursor; 0 if after_seq is 0 */
  after_at_ms: number;
  /** at most limits.max_page_entries */
  limit: number;
}

/** Server: this gateway is leaving; reconnect elsewhere after the delay. */
export interface GoAwayFrame {
  /** why, for a person */
  reason: string;
  /** how long to wait before connecting again */
  reconnect_after_ms: number;
}

/** The limits that this server applies. */
export interface Limits {
  /** a larger WebSocket message closes the connection */
  max_frame_bytes: number;
  /** of encrypted_body */
  max_body_bytes: number;
  /** of preview, in Unicode code points */
  max_preview_chars: number;
  /** largest limit of fetch and history, and of around in all */
  max_page_entries: number;
  /** largest limit of inbox */
  max_inbox_entries: number;
  /** users that one connection may watch */
  max_watched: number;
  /** unacknowledged live messages before catch-up */
  live_window: number;
  /** per user */
  messages_per_minute: number;
  /** how far a ULID may lie from the server time */
  message_id_window_ms: number;
}

/** Server: the first frame; the connection is registered. */
export interface HelloFrame {
  /** grows per device */
  connection_id: number;
  /** whose connection it is */
  user_id: string;
  /** which device of theirs */
  device_id: string;
  /** name of the gateway, for reports */
  gateway_id: string;
  /** for clock correction */
  server_time_ms: number;
  /** how often the client sends ping */
  heartbeat_interval_ms: number;
  /** without any frame for so long the server closes */
  heartbeat_timeout_ms: number;
  /** version of the limits and rules that sends are judged by */
  rules_version: number;
  /** what the server takes */
  limits: Limits;
}

/** Client: what comes before this in the conversation, for scrolling back. */
export interface HistoryFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** exclusive; 0 for the newest */
  before_seq: number;
  /** T of the message at before_seq; 0 for the newest */
  before_at_ms: number;
  /** at most limits.max_page_entries */
  limit: number;
}

/** Server: a device of somebody whom this user writes with, or of this user, came, went or changed its identity key. A hint: the versions are asked of the API. */
export interface IdentityChangedFrame {
  /** whose device it is */
  user_id: string;
  /** what it is now; it only grows */
  identity_version: number;
}

export type ConversationType = 'one_on_one' | 'group';

export type MarkKind = 'pinned' | 'archived' | 'muted' | 'unread' | 'cleared';

/** What the user keeps about a conversation for themselves. */
export interface InboxMark {
  /** what is kept */
  kind: MarkKind;
  /** pinned: since when, in ms; archived, unread: 1; muted: until when, in ms; cleared: everything up to this seq is hidden; 0: no longer */
  value: number;
  /** the greater one stands */
  version: number;
}

/** One conversation in the list of one user. */
export interface InboxEntry {
  /** the conversation */
  conversation_id: string;
  /** one_on_one or group */
  conversation_type: ConversationType;
  /** 1:1: the other user */
  other_user_id: null | string;
  /** group: its id */
  group_id: null | string;
  /** preview of the last countable message; null if it is cleared */
  last_message_preview: null | string;
  /** T of the last countable message; null if there is none, or it is cleared */
  last_message_at_ms: null | number;
  /** seq of the last message */
  last_seq: number;
  /** how far this user has read */
  read_seq: number;
  /** countable messages that the user has neither read nor answered nor cleared: last_ordinal - seen_ordinal */
  unread_count: number;
  /** first seq that the user may no longer see; null while a member */
  left_seq: null | number;
  /** countable messages up to last_seq */
  last_ordinal: number;
  /** countable messages up to the last one that the user has read, answered or cleared */
  seen_ordinal: number;
  /** those that were ever set */
  marks: InboxMark[];
}

/** Server: answer to inbox, by conversation_id; the reader sorts. */
export interface InboxPageFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** in order of conversation_id */
  entries: InboxEntry[];
  /** pass as after for the next page; null at the end */
  next: null | string;
}

/** Server: an entry of the list has changed by what one of the user's devices did; or answer to mark. */
export interface InboxUpdateFrame {
  /** of the mark, for the device that set it; null otherwise */
  request_id: null | number;
  /** the entry; what is known already and newer stays */
  entry: InboxEntry;
}

/** Client: list my conversations. */
export interface InboxFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** conversation_id of the last entry of the page before */
  after: null | string;
  /** at most limits.max_inbox_entries; a page may hold fewer */
  limit: number;
}

export type KeyKind = 'prekey' | 'key_package';

/** Server: this device has few one-time keys left of a kind. A hint: what is held is asked of the API. */
export interface KeysLowFrame {
  /** which keys */
  kind: KeyKind;
  /** how many are left; at 0 the key of last resort is given, if there is one */
  held: number;
}

/** Client: keep this about a conversation, on all devices of mine. */
export interface MarkFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** what is kept */
  kind: MarkKind;
  /** pinned, archived, unread: 1 or 0; muted: until when, in ms, 0 to end it; cleared: the seq of the last message that is deleted for this user */
  value: number;
  /** cleared: the message at that seq; null for all other kinds */
  message_id: null | string;
}

export type MemberRole = 'member' | 'admin';

/** Somebody who is, or was, in a conversation. */
export interface ListedMember {
  /** the user */
  user_id: string;
  /** the role in the end: of one who is a member, now */
  role: MemberRole;
  /** the first message that they see */
  joined_seq: number;
  /** the first message that they no longer see; null while a member */
  left_seq: null | number;
}

/** Server: answer to members. */
export interface MemberListFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** as of the message at this seq */
  at_seq: number;
  /** everybody who was a member then */
  members: ListedMember[];
}

export type TypingKind = 'writing' | 'recording' | 'stopped';

/** Server: another member is writing or recording, or has stopped. Shown until for_ms have passed without another. */
export interface MemberTypingFrame {
  /** the conversation */
  conversation_id: string;
  /** who */
  user_id: string;
  /** what they are doing */
  kind: TypingKind;
  /** how long it is shown; 0 if they have stopped */
  for_ms: number;
}

/** Client: who is, or was, in the conversation. */
export interface MembersFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** as of the message at this seq; 0: see at_ms */
  at_seq: number;
  /** as of this time, if at_seq is 0; 0: now */
  at_ms: number;
}

export type MessageType = 'text' | 'image' | 'video' | 'audio' | 'document' | 'edit' | 'delete' | 'reaction' | 'mls' | 'system';

export type SystemKind = 'created' | 'added' | 'joined_by_link' | 'removed' | 'left' | 'promoted' | 'demoted' | 'renamed' | 'described' | 'pictured' | 'who_may_send' | 'who_may_edit' | 'timer' | 'changed' | 'keys_renewed';

/** What happened to a group, as a message of type system tells it. */
export interface SystemChange {
  /** what was done */
  kind: SystemKind;
  /** who did it */
  actor_id: string;
  /** to whom: the first members of a group that was created, the one who came, left or changed role; empty otherwise */
  user_ids: string[];
  /** the new title, description or picture URL (empty: none any more), everyone or admins, or the seconds of the disappearing timer (0: off); null where there is none */
  text: null | string;
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

/** one accepted message */
export interface WireMessage {
  /** the conversation */
  conversation_id: string;
  /** its place in the conversation, from 1 without gaps */
  seq: number;
  /** countable messages up to here */
  ordinal: number;
  /** ULID of the message */
  message_id: string;
  /** who sent it */
  sender_id: string;
  /** which device of theirs sent it */
  sender_device_id: string;
  /** what it is */
  message_type: MessageType;
  /** ciphertext made by the sender; opaque to the server */
  encrypted_body: Buffer;
  /** at most 200 characters, chosen by the sender, or null */
  preview: null | string;
  /** where the encrypted media is */
  media_url: null | string;
  /** where the encrypted thumbnail is */
  thumbnail_url: null | string;
  /** ULID of the message that this one answers */
  reply_to: null | string;
  /** ULID of the message that an edit, delete or reaction is about */
  target_id: null | string;
  /** accepted time T */
  at_ms: number;
  /** what a message of type system tells; null for all other types */
  system: null | SystemChange;
  /** when it disappears; null for never */
  expires_at_ms: null | number;
  /** of a message of type mls; null for all others */
  mls: null | MlsHeader;
}

/** Server: a message, live. */
export interface MessageFrame {
  /** the message */
  message: WireMessage;
}

/** Server: answer to fetch and history. A seq absent inside covered_from..covered_to is final. */
export interface PageFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** first seq covered */
  covered_from: number;
  /** last seq covered; below covered_from if nothing */
  covered_to: number;
  /** T to pass as after_at_ms when covered_to is the new cursor */
  covered_to_at_ms: number;
  /** the last_seq that the inbox told before the rows were read */
  last_seq: number;
  /** ask again from covered_to (fetch) or covered_from (history) */
  more: boolean;
  /** in order of seq */
  messages: WireMessage[];
}

/** Client: heartbeat, every heartbeat_interval_ms. */
export interface PingFrame {
  /** echoed */
  client_time_ms: number;
}

/** Server: answer to ping. */
export interface PongFrame {
  /** of the ping */
  client_time_ms: number;
  /** for clock correction */
  server_time_ms: number;
}

export type PresenceStatus = 'online' | 'offline';

/** Server: a watched user came or went. */
export interface PresenceFrame {
  /** who */
  user_id: string;
  /** online or offline */
  status: PresenceStatus;
  /** null while online or when unknown */
  last_seen_ms: null | number;
}

/** Client: the user has read everything up to this message. */
export interface ReadFrame {
  /** the conversation */
  conversation_id: string;
  /** everything up to here was read */
  seq: number;
  /** the message at seq */
  message_id: string;
}

export type ReceiptKind = 'delivered' | 'read';

/** Server: in a large group, up to where everybody has it. */
export interface ReceiptAggregateFrame {
  /** the conversation */
  conversation_id: string;
  /** delivered or read */
  kind: ReceiptKind;
  /** everybody has everything up to here */
  seq: number;
  /** when the last of them got there */
  at_ms: number;
}

/** How far one member is. */
export interface MemberReceipt {
  /** the user */
  user_id: string;
  /** everything up to here is on at least one of their devices */
  delivered_seq: number;
  /** everything up to here was read */
  read_seq: number;
  /** when the message at seq was delivered */
  delivered_at_ms: null | number;
  /** when the message at seq was read */
  read_at_ms: null | number;
  /** the first message that they see: what came before is not theirs to receive */
  joined_seq: number;
}

/** Server: answer to receipt_query. */
export interface ReceiptListFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** one entry per current member */
  members: MemberReceipt[];
}

/** Client: who has received and read up to where, and when the message at seq. */
export interface ReceiptQueryFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** the conversation */
  conversation_id: string;
  /** 0: watermarks only */
  seq: number;
}

/** Server: a member's watermark advanced. */
export interface ReceiptFrame {
  /** the conversation */
  conversation_id: string;
  /** whose watermark */
  user_id: string;
  /** delivered or read */
  kind: ReceiptKind;
  /** everything up to here */
  seq: number;
  /** when the gateway was told */
  at_ms: number;
}

/** Server: verdict. The message has no place; the code says why. */
export interface RefusedFrame {
  /** the conversation */
  conversation_id: string;
  /** of the send */
  message_id: string;
  /** from the error catalogue */
  code: string;
}

export type ResyncReason = 'slow_device' | 'session_renewed';

/** Server: frames may have been left out; read the inbox and fetch again. */
export interface ResyncFrame {
  /** why */
  reason: ResyncReason;
}

/** Client: send a message. Kept by the client until its verdict. */
export interface SendFrame {
  /** 1:1: UUIDv5 of the two sorted user ids; group: made by the server */
  conversation_id: string;
  /** 1:1: the other user; must be there in the first message, may be in all; null in groups */
  peer_id: null | string;
  /** ULID made by the client; the same on every retry */
  message_id: string;
  /** what it is */
  message_type: MessageType;
  /** ciphertext, at most limits.max_body_bytes; may be empty */
  encrypted_body: Buffer;
  /** at most limits.max_preview_chars Unicode code points, shown in lists and notifications; null for none */
  preview: null | string;
  /** where the encrypted media is, at most 2,048 bytes */
  media_url: null | string;
  /** where the encrypted thumbnail is, at most 2,048 bytes */
  thumbnail_url: null | string;
  /** ULID of the message that this one answers; null with a target_id */
  reply_to: null | string;
  /** ULID of the message that an edit, delete or reaction is about; null for all other types */
  target_id: null | string;
  /** the conversation's disappearing timer, as the client knows it; another one in force gives timer_changed */
  timer_seconds: number;
  /** of a message of type mls; null for all others */
  mls: null | MlsHeader;
}

/** Client: the user is writing or recording in this conversation, or has stopped. Nothing is stored, and nobody answers but with an error. */
export interface TypingFrame {
  /** the conversation */
  conversation_id: string;
  /** what the user is doing */
  kind: TypingKind;
}

/** Client: tell me no longer about the presence of these users. */
export interface UnwatchFrame {
  /** chosen by the client; an error carries it */
  request_id: number;
  /** whom to watch no longer */
  user_ids: string[];
}

/** Client: tell me about the presence of these users, until the connection ends or unwatch. Each is answered by a presence frame at once. */
export interface WatchFrame {
  /** chosen by the client; an error carries it */
  request_id: number;
  /** at most limits.max_watched in all */
  user_ids: string[];
}

/** Client: own messages that got no place in the conversation, for the user's other devices. The answer is a page of messages with seq 0, newest last. */
export interface WithheldFrame {
  /** chosen by the client; the answer carries it */
  request_id: number;
  /** a 1:1 conversation */
  conversation_id: string;
  /** message id, exclusive; null for the newest */
  before: null | string;
  /** at most limits.max_page_entries */
  limit: number;
}

/** Every frame by its name. */
export interface FrameTypes {
  accepted: AcceptedFrame;
  appended: AppendedFrame;
  around: AroundFrame;
  delivered: DeliveredFrame;
  error: ErrorFrame;
  fetch: FetchFrame;
  go_away: GoAwayFrame;
  hello: HelloFrame;
  history: HistoryFrame;
  identity_changed: IdentityChangedFrame;
  inbox_page: InboxPageFrame;
  inbox_update: InboxUpdateFrame;
  inbox: InboxFrame;
  keys_low: KeysLowFrame;
  mark: MarkFrame;
  member_list: MemberListFrame;
  member_typing: MemberTypingFrame;
  members: MembersFrame;
  message: MessageFrame;
  page: PageFrame;
  ping: PingFrame;
  pong: PongFrame;
  presence: PresenceFrame;
  read: ReadFrame;
  receipt_aggregate: ReceiptAggregateFrame;
  receipt_list: ReceiptListFrame;
  receipt_query: ReceiptQueryFrame;
  receipt: ReceiptFrame;
  refused: RefusedFrame;
  resync: ResyncFrame;
  send: SendFrame;
  typing: TypingFrame;
  unwatch: UnwatchFrame;
  watch: WatchFrame;
  withheld: WithheldFrame;
}

export type FrameName = keyof FrameTypes;

/** The first byte of a binary frame. */
export const frameCodes = {
  "client": {
    "send": 1,
    "delivered": 2,
    "read": 3,
    "inbox": 4,
    "fetch": 5,
    "history": 6,
    "receipt_query": 7,
    "watch": 8,
    "unwatch": 9,
    "ping": 10,
    "mark": 11,
    "around": 12,
    "members": 13,
    "typing": 14,
    "withheld": 16
  },
  "server": {
    "hello": 64,
    "appended": 65,
    "accepted": 66,
    "refused": 67,
    "message": 68,
    "inbox_page": 69,
    "page": 70,
    "receipt": 71,
    "receipt_aggregate": 72,
    "receipt_list": 73,
    "presence": 74,
    "pong": 75,
    "error": 76,
    "go_away": 77,
    "resync": 78,
    "inbox_update": 79,
    "member_list": 80,
    "member_typing": 81,
    "keys_low": 83,
    "identity_changed": 84
  }
} as const;

export const frameSchemas = {
  accepted: {"type":"record","name":"Accepted","namespace":"parley.wire","doc":"Server: verdict. The message has its place for ever.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"message_id","type":"string","doc":"of the send"},{"name":"seq","type":"long","doc":"its place in the conversation, from 1 without gaps"},{"name":"ordinal","type":"long","doc":"countable messages up to here"},{"name":"at_ms","type":"long","doc":"accepted time T"}]},
  appended: {"type":"record","name":"Appended","namespace":"parley.wire","doc":"Server: the log holds it durably; the verdict follows.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"message_id","type":"string","doc":"of the send"}]},
  around: {"type":"record","name":"Around","namespace":"parley.wire","doc":"Client: what stands around a message, or before or after it. Answered by a page.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"message_id","type":["null","string"],"doc":"ULID of the message; it is in the answer, if it is asked for. null: behind the newest","default":null},{"name":"before","type":"int","doc":"at most so many messages before it"},{"name":"after","type":"int","doc":"at most so many messages after it"},{"name":"media_only","type":"boolean","doc":"only image, video, audio and document; the page covers what was looked through"}]},
  delivered: {"type":"record","name":"Delivered","namespace":"parley.wire","doc":"Client: this device lacks nothing of the conversation up to seq.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"seq","type":"long","doc":"highest seq below which the device lacks nothing"}]},
  error: {"type":"record","name":"Error","namespace":"parley.wire","doc":"Server: a frame could not be taken; the connection stays up unless a close follows.","fields":[{"name":"code","type":"string","doc":"from the error catalogue"},{"name":"message","type":"string","doc":"one sentence for a person"},{"name":"request_id","type":["null","int"],"doc":"of the request","default":null},{"name":"message_id","type":["null","string"],"doc":"of the send","default":null},{"name":"retry_after_ms","type":["null","int"],"doc":"when the same may be tried again; null if the code names no delay","default":null}]},
  fetch: {"type":"record","name":"Fetch","namespace":"parley.wire","doc":"Client: what comes after my cursor in this conversation (sync and gap repair).","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"after_seq","type":"long","doc":"the cursor: the highest seq below which this device lacks nothing; 0 for everything"},{"name":"after_at_ms","type":"long","doc":"T of the message at the cursor; 0 if after_seq is 0"},{"name":"limit","type":"int","doc":"at most limits.max_page_entries"}]},
  go_away: {"type":"record","name":"GoAway","namespace":"parley.wire","doc":"Server: this gateway is leaving; reconnect elsewhere after the delay.","fields":[{"name":"reason","type":"string","doc":"why, for a person"},{"name":"reconnect_after_ms","type":"int","doc":"how long to wait before connecting again"}]},
  hello: {"type":"record","name":"Hello","namespace":"parley.wire","doc":"Server: the first frame; the connection is registered.","fields":[{"name":"connection_id","type":"long","doc":"grows per device"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose connection it is"},{"name":"device_id","type":{"type":"string","logicalType":"uuid"},"doc":"which device of theirs"},{"name":"gateway_id","type":"string","doc":"name of the gateway, for reports"},{"name":"server_time_ms","type":"long","doc":"for clock correction"},{"name":"heartbeat_interval_ms","type":"int","doc":"how often the client sends ping"},{"name":"heartbeat_timeout_ms","type":"int","doc":"without any frame for so long the server closes"},{"name":"rules_version","type":"int","doc":"version of the limits and rules that sends are judged by"},{"name":"limits","type":{"type":"record","name":"Limits","namespace":"parley.types","doc":"The limits that this server applies.","fields":[{"name":"max_frame_bytes","type":"int","doc":"a larger WebSocket message closes the connection"},{"name":"max_body_bytes","type":"int","doc":"of encrypted_body"},{"name":"max_preview_chars","type":"int","doc":"of preview, in Unicode code points"},{"name":"max_page_entries","type":"int","doc":"largest limit of fetch and history, and of around in all"},{"name":"max_inbox_entries","type":"int","doc":"largest limit of inbox"},{"name":"max_watched","type":"int","doc":"users that one connection may watch"},{"name":"live_window","type":"int","doc":"unacknowledged live messages before catch-up"},{"name":"messages_per_minute","type":"int","doc":"per user"},{"name":"message_id_window_ms","type":"int","doc":"how far a ULID may lie from the server time"}]},"doc":"what the server takes"}]},
  history: {"type":"record","name":"History","namespace":"parley.wire","doc":"Client: what comes before this in the conversation, for scrolling back.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"before_seq","type":"long","doc":"exclusive; 0 for the newest"},{"name":"before_at_ms","type":"long","doc":"T of the message at before_seq; 0 for the newest"},{"name":"limit","type":"int","doc":"at most limits.max_page_entries"}]},
  identity_changed: {"type":"record","name":"IdentityChanged","namespace":"parley.wire","doc":"Server: a device of somebody whom this user writes with, or of this user, came, went or changed its identity key. A hint: the versions are asked of the API.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose device it is"},{"name":"identity_version","type":"long","doc":"what it is now; it only grows"}]},
  inbox_page: {"type":"record","name":"InboxPage","namespace":"parley.wire","doc":"Server: answer to inbox, by conversation_id; the reader sorts.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"entries","type":{"type":"array","items":{"type":"record","name":"InboxEntry","namespace":"parley.types","doc":"One conversation in the list of one user.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"conversation_type","type":{"type":"enum","name":"ConversationType","namespace":"parley.types","doc":"Two users, or a group.","symbols":["one_on_one","group"],"default":"one_on_one"},"doc":"one_on_one or group"},{"name":"other_user_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"1:1: the other user","default":null},{"name":"group_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"group: its id","default":null},{"name":"last_message_preview","type":["null","string"],"doc":"preview of the last countable message; null if it is cleared","default":null},{"name":"last_message_at_ms","type":["null","long"],"doc":"T of the last countable message; null if there is none, or it is cleared","default":null},{"name":"last_seq","type":"long","doc":"seq of the last message"},{"name":"read_seq","type":"long","doc":"how far this user has read"},{"name":"unread_count","type":"int","doc":"countable messages that the user has neither read nor answered nor cleared: last_ordinal - seen_ordinal"},{"name":"left_seq","type":["null","long"],"doc":"first seq that the user may no longer see; null while a member","default":null},{"name":"last_ordinal","type":"long","doc":"countable messages up to last_seq"},{"name":"seen_ordinal","type":"long","doc":"countable messages up to the last one that the user has read, answered or cleared"},{"name":"marks","type":{"type":"array","items":{"type":"record","name":"InboxMark","namespace":"parley.types","doc":"What the user keeps about a conversation for themselves.","fields":[{"name":"kind","type":{"type":"enum","name":"MarkKind","namespace":"parley.types","doc":"pinned: on top of the list; archived: out of the list; muted: no notifications; unread: to be looked at again; cleared: deleted for this user alone.","symbols":["pinned","archived","muted","unread","cleared"],"default":"pinned"},"doc":"what is kept"},{"name":"value","type":"long","doc":"pinned: since when, in ms; archived, unread: 1; muted: until when, in ms; cleared: everything up to this seq is hidden; 0: no longer"},{"name":"version","type":"long","doc":"the greater one stands"}]}},"doc":"those that were ever set"}]}},"doc":"in order of conversation_id"},{"name":"next","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"pass as after for the next page; null at the end","default":null}]},
  inbox_update: {"type":"record","name":"InboxUpdate","namespace":"parley.wire","doc":"Server: an entry of the list has changed by what one of the user's devices did; or answer to mark.","fields":[{"name":"request_id","type":["null","int"],"doc":"of the mark, for the device that set it; null otherwise","default":null},{"name":"entry","type":{"type":"record","name":"InboxEntry","namespace":"parley.types","doc":"One conversation in the list of one user.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"conversation_type","type":{"type":"enum","name":"ConversationType","namespace":"parley.types","doc":"Two users, or a group.","symbols":["one_on_one","group"],"default":"one_on_one"},"doc":"one_on_one or group"},{"name":"other_user_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"1:1: the other user","default":null},{"name":"group_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"group: its id","default":null},{"name":"last_message_preview","type":["null","string"],"doc":"preview of the last countable message; null if it is cleared","default":null},{"name":"last_message_at_ms","type":["null","long"],"doc":"T of the last countable message; null if there is none, or it is cleared","default":null},{"name":"last_seq","type":"long","doc":"seq of the last message"},{"name":"read_seq","type":"long","doc":"how far this user has read"},{"name":"unread_count","type":"int","doc":"countable messages that the user has neither read nor answered nor cleared: last_ordinal - seen_ordinal"},{"name":"left_seq","type":["null","long"],"doc":"first seq that the user may no longer see; null while a member","default":null},{"name":"last_ordinal","type":"long","doc":"countable messages up to last_seq"},{"name":"seen_ordinal","type":"long","doc":"countable messages up to the last one that the user has read, answered or cleared"},{"name":"marks","type":{"type":"array","items":{"type":"record","name":"InboxMark","namespace":"parley.types","doc":"What the user keeps about a conversation for themselves.","fields":[{"name":"kind","type":{"type":"enum","name":"MarkKind","namespace":"parley.types","doc":"pinned: on top of the list; archived: out of the list; muted: no notifications; unread: to be looked at again; cleared: deleted for this user alone.","symbols":["pinned","archived","muted","unread","cleared"],"default":"pinned"},"doc":"what is kept"},{"name":"value","type":"long","doc":"pinned: since when, in ms; archived, unread: 1; muted: until when, in ms; cleared: everything up to this seq is hidden; 0: no longer"},{"name":"version","type":"long","doc":"the greater one stands"}]}},"doc":"those that were ever set"}]},"doc":"the entry; what is known already and newer stays"}]},
  inbox: {"type":"record","name":"Inbox","namespace":"parley.wire","doc":"Client: list my conversations.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"after","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"conversation_id of the last entry of the page before","default":null},{"name":"limit","type":"int","doc":"at most limits.max_inbox_entries; a page may hold fewer"}]},
  keys_low: {"type":"record","name":"KeysLow","namespace":"parley.wire","doc":"Server: this device has few one-time keys left of a kind. A hint: what is held is asked of the API.","fields":[{"name":"kind","type":{"type":"enum","name":"KeyKind","namespace":"parley.types","doc":"prekey: for a session between two devices; key_package: to be added to an MLS group.","symbols":["prekey","key_package"],"default":"prekey"},"doc":"which keys"},{"name":"held","type":"int","doc":"how many are left; at 0 the key of last resort is given, if there is one"}]},
  mark: {"type":"record","name":"Mark","namespace":"parley.wire","doc":"Client: keep this about a conversation, on all devices of mine.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"kind","type":{"type":"enum","name":"MarkKind","namespace":"parley.types","doc":"pinned: on top of the list; archived: out of the list; muted: no notifications; unread: to be looked at again; cleared: deleted for this user alone.","symbols":["pinned","archived","muted","unread","cleared"],"default":"pinned"},"doc":"what is kept"},{"name":"value","type":"long","doc":"pinned, archived, unread: 1 or 0; muted: until when, in ms, 0 to end it; cleared: the seq of the last message that is deleted for this user"},{"name":"message_id","type":["null","string"],"doc":"cleared: the message at that seq; null for all other kinds","default":null}]},
  member_list: {"type":"record","name":"MemberList","namespace":"parley.wire","doc":"Server: answer to members.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"at_seq","type":"long","doc":"as of the message at this seq"},{"name":"members","type":{"type":"array","items":{"type":"record","name":"ListedMember","namespace":"parley.types","doc":"Somebody who is, or was, in a conversation.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"the user"},{"name":"role","type":{"type":"enum","name":"MemberRole","namespace":"parley.types","doc":"What a member may do in a group.","symbols":["member","admin"],"default":"member"},"doc":"the role in the end: of one who is a member, now"},{"name":"joined_seq","type":"long","doc":"the first message that they see"},{"name":"left_seq","type":["null","long"],"doc":"the first message that they no longer see; null while a member","default":null}]}},"doc":"everybody who was a member then"}]},
  member_typing: {"type":"record","name":"MemberTyping","namespace":"parley.wire","doc":"Server: another member is writing or recording, or has stopped. Shown until for_ms have passed without another.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"who"},{"name":"kind","type":{"type":"enum","name":"TypingKind","namespace":"parley.types","doc":"What a member is doing in a conversation.","symbols":["writing","recording","stopped"],"default":"stopped"},"doc":"what they are doing"},{"name":"for_ms","type":"int","doc":"how long it is shown; 0 if they have stopped"}]},
  members: {"type":"record","name":"Members","namespace":"parley.wire","doc":"Client: who is, or was, in the conversation.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"at_seq","type":"long","doc":"as of the message at this seq; 0: see at_ms"},{"name":"at_ms","type":"long","doc":"as of this time, if at_seq is 0; 0: now"}]},
  message: {"type":"record","name":"Message","namespace":"parley.wire","doc":"Server: a message, live.","fields":[{"name":"message","type":{"type":"record","name":"WireMessage","namespace":"parley.types","doc":"one accepted message","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"seq","type":"long","doc":"its place in the conversation, from 1 without gaps"},{"name":"ordinal","type":"long","doc":"countable messages up to here"},{"name":"message_id","type":"string","doc":"ULID of the message"},{"name":"sender_id","type":{"type":"string","logicalType":"uuid"},"doc":"who sent it"},{"name":"sender_device_id","type":{"type":"string","logicalType":"uuid"},"doc":"which device of theirs sent it"},{"name":"message_type","type":{"type":"enum","name":"MessageType","namespace":"parley.types","doc":"text and media carry content; edit, delete and reaction name a target and change how it is shown; system tells of a change to the group and is made by the server alone","symbols":["text","image","video","audio","document","edit","delete","reaction","mls","system"],"default":"text"},"doc":"what it is"},{"name":"encrypted_body","type":"bytes","doc":"ciphertext made by the sender; opaque to the server"},{"name":"preview","type":["null","string"],"doc":"at most 200 characters, chosen by the sender, or null","default":null},{"name":"media_url","type":["null","string"],"doc":"where the encrypted media is","default":null},{"name":"thumbnail_url","type":["null","string"],"doc":"where the encrypted thumbnail is","default":null},{"name":"reply_to","type":["null","string"],"doc":"ULID of the message that this one answers","default":null},{"name":"target_id","type":["null","string"],"doc":"ULID of the message that an edit, delete or reaction is about","default":null},{"name":"at_ms","type":"long","doc":"accepted time T"},{"name":"system","type":["null",{"type":"record","name":"SystemChange","namespace":"parley.types","doc":"What happened to a group, as a message of type system tells it.","fields":[{"name":"kind","type":{"type":"enum","name":"SystemKind","namespace":"parley.types","doc":"removed: by somebody else; left: by themselves; changed: several things at once, ask the API for what they are now","symbols":["created","added","joined_by_link","removed","left","promoted","demoted","renamed","described","pictured","who_may_send","who_may_edit","timer","changed","keys_renewed"],"default":"changed"},"doc":"what was done"},{"name":"actor_id","type":{"type":"string","logicalType":"uuid"},"doc":"who did it"},{"name":"user_ids","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"to whom: the first members of a group that was created, the one who came, left or changed role; empty otherwise"},{"name":"text","type":["null","string"],"doc":"the new title, description or picture URL (empty: none any more), everyone or admins, or the seconds of the disappearing timer (0: off); null where there is none","default":null}]}],"doc":"what a message of type system tells; null for all other types","default":null},{"name":"expires_at_ms","type":["null","long"],"doc":"when it disappears; null for never","default":null},{"name":"mls","type":["null",{"type":"record","name":"MlsHeader","namespace":"parley.types","doc":"What a message of the MLS key agreement says in clear; its body stays opaque.","fields":[{"name":"kind","type":{"type":"enum","name":"MlsKind","namespace":"parley.types","doc":"commit: begins the next epoch; proposal: for a commit of the current one; welcome: lets one user's devices into the group; unusable: the sender cannot apply the commit that was accepted for this epoch","symbols":["commit","proposal","welcome","unusable"],"default":"unusable"},"doc":"what it is"},{"name":"group_id","type":"bytes","doc":"of the MLS group; another one in each generation"},{"name":"generation","type":"long","doc":"0 for the conversation's first MLS group"},{"name":"epoch","type":"long","doc":"commit, proposal: the one that it was made in; welcome: the one that it leads into; unusable: the one that the commit was made in"},{"name":"after_seq","type":"long","doc":"commit: up to where its device had applied the conversation; 0 otherwise"},{"name":"recipient_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"welcome: whose devices alone are given the body; null otherwise","default":null}]}],"doc":"of a message of type mls; null for all others","default":null}]},"doc":"the message"}]},
  page: {"type":"record","name":"Page","namespace":"parley.wire","doc":"Server: answer to fetch and history. A seq absent inside covered_from..covered_to is final.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"covered_from","type":"long","doc":"first seq covered"},{"name":"covered_to","type":"long","doc":"last seq covered; below covered_from if nothing"},{"name":"covered_to_at_ms","type":"long","doc":"T to pass as after_at_ms when covered_to is the new cursor"},{"name":"last_seq","type":"long","doc":"the last_seq that the inbox told before the rows were read"},{"name":"more","type":"boolean","doc":"ask again from covered_to (fetch) or covered_from (history)"},{"name":"messages","type":{"type":"array","items":{"type":"record","name":"WireMessage","namespace":"parley.types","doc":"one accepted message","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"seq","type":"long","doc":"its place in the conversation, from 1 without gaps"},{"name":"ordinal","type":"long","doc":"countable messages up to here"},{"name":"message_id","type":"string","doc":"ULID of the message"},{"name":"sender_id","type":{"type":"string","logicalType":"uuid"},"doc":"who sent it"},{"name":"sender_device_id","type":{"type":"string","logicalType":"uuid"},"doc":"which device of theirs sent it"},{"name":"message_type","type":{"type":"enum","name":"MessageType","namespace":"parley.types","doc":"text and media carry content; edit, delete and reaction name a target and change how it is shown; system tells of a change to the group and is made by the server alone","symbols":["text","image","video","audio","document","edit","delete","reaction","mls","system"],"default":"text"},"doc":"what it is"},{"name":"encrypted_body","type":"bytes","doc":"ciphertext made by the sender; opaque to the server"},{"name":"preview","type":["null","string"],"doc":"at most 200 characters, chosen by the sender, or null","default":null},{"name":"media_url","type":["null","string"],"doc":"where the encrypted media is","default":null},{"name":"thumbnail_url","type":["null","string"],"doc":"where the encrypted thumbnail is","default":null},{"name":"reply_to","type":["null","string"],"doc":"ULID of the message that this one answers","default":null},{"name":"target_id","type":["null","string"],"doc":"ULID of the message that an edit, delete or reaction is about","default":null},{"name":"at_ms","type":"long","doc":"accepted time T"},{"name":"system","type":["null",{"type":"record","name":"SystemChange","namespace":"parley.types","doc":"What happened to a group, as a message of type system tells it.","fields":[{"name":"kind","type":{"type":"enum","name":"SystemKind","namespace":"parley.types","doc":"removed: by somebody else; left: by themselves; changed: several things at once, ask the API for what they are now","symbols":["created","added","joined_by_link","removed","left","promoted","demoted","renamed","described","pictured","who_may_send","who_may_edit","timer","changed","keys_renewed"],"default":"changed"},"doc":"what was done"},{"name":"actor_id","type":{"type":"string","logicalType":"uuid"},"doc":"who did it"},{"name":"user_ids","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"to whom: the first members of a group that was created, the one who came, left or changed role; empty otherwise"},{"name":"text","type":["null","string"],"doc":"the new title, description or picture URL (empty: none any more), everyone or admins, or the seconds of the disappearing timer (0: off); null where there is none","default":null}]}],"doc":"what a message of type system tells; null for all other types","default":null},{"name":"expires_at_ms","type":["null","long"],"doc":"when it disappears; null for never","default":null},{"name":"mls","type":["null",{"type":"record","name":"MlsHeader","namespace":"parley.types","doc":"What a message of the MLS key agreement says in clear; its body stays opaque.","fields":[{"name":"kind","type":{"type":"enum","name":"MlsKind","namespace":"parley.types","doc":"commit: begins the next epoch; proposal: for a commit of the current one; welcome: lets one user's devices into the group; unusable: the sender cannot apply the commit that was accepted for this epoch","symbols":["commit","proposal","welcome","unusable"],"default":"unusable"},"doc":"what it is"},{"name":"group_id","type":"bytes","doc":"of the MLS group; another one in each generation"},{"name":"generation","type":"long","doc":"0 for the conversation's first MLS group"},{"name":"epoch","type":"long","doc":"commit, proposal: the one that it was made in; welcome: the one that it leads into; unusable: the one that the commit was made in"},{"name":"after_seq","type":"long","doc":"commit: up to where its device had applied the conversation; 0 otherwise"},{"name":"recipient_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"welcome: whose devices alone are given the body; null otherwise","default":null}]}],"doc":"of a message of type mls; null for all others","default":null}]}},"doc":"in order of seq"}]},
  ping: {"type":"record","name":"Ping","namespace":"parley.wire","doc":"Client: heartbeat, every heartbeat_interval_ms.","fields":[{"name":"client_time_ms","type":"long","doc":"echoed"}]},
  pong: {"type":"record","name":"Pong","namespace":"parley.wire","doc":"Server: answer to ping.","fields":[{"name":"client_time_ms","type":"long","doc":"of the ping"},{"name":"server_time_ms","type":"long","doc":"for clock correction"}]},
  presence: {"type":"record","name":"Presence","namespace":"parley.wire","doc":"Server: a watched user came or went.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"who"},{"name":"status","type":{"type":"enum","name":"PresenceStatus","namespace":"parley.types","doc":"Whether a device is connected.","symbols":["online","offline"],"default":"offline"},"doc":"online or offline"},{"name":"last_seen_ms","type":["null","long"],"doc":"null while online or when unknown","default":null}]},
  read: {"type":"record","name":"Read","namespace":"parley.wire","doc":"Client: the user has read everything up to this message.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"seq","type":"long","doc":"everything up to here was read"},{"name":"message_id","type":"string","doc":"the message at seq"}]},
  receipt_aggregate: {"type":"record","name":"ReceiptAggregate","namespace":"parley.wire","doc":"Server: in a large group, up to where everybody has it.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"kind","type":{"type":"enum","name":"ReceiptKind","namespace":"parley.types","doc":"delivered: the device has it; read: the user has seen it.","symbols":["delivered","read"],"default":"delivered"},"doc":"delivered or read"},{"name":"seq","type":"long","doc":"everybody has everything up to here"},{"name":"at_ms","type":"long","doc":"when the last of them got there"}]},
  receipt_list: {"type":"record","name":"ReceiptList","namespace":"parley.wire","doc":"Server: answer to receipt_query.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"members","type":{"type":"array","items":{"type":"record","name":"MemberReceipt","namespace":"parley.types","doc":"How far one member is.","fields":[{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"the user"},{"name":"delivered_seq","type":"long","doc":"everything up to here is on at least one of their devices"},{"name":"read_seq","type":"long","doc":"everything up to here was read"},{"name":"delivered_at_ms","type":["null","long"],"default":null,"doc":"when the message at seq was delivered"},{"name":"read_at_ms","type":["null","long"],"default":null,"doc":"when the message at seq was read"},{"name":"joined_seq","type":"long","doc":"the first message that they see: what came before is not theirs to receive"}]}},"doc":"one entry per current member"}]},
  receipt_query: {"type":"record","name":"ReceiptQuery","namespace":"parley.wire","doc":"Client: who has received and read up to where, and when the message at seq.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"seq","type":"long","doc":"0: watermarks only"}]},
  receipt: {"type":"record","name":"Receipt","namespace":"parley.wire","doc":"Server: a member's watermark advanced.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"user_id","type":{"type":"string","logicalType":"uuid"},"doc":"whose watermark"},{"name":"kind","type":{"type":"enum","name":"ReceiptKind","namespace":"parley.types","doc":"delivered: the device has it; read: the user has seen it.","symbols":["delivered","read"],"default":"delivered"},"doc":"delivered or read"},{"name":"seq","type":"long","doc":"everything up to here"},{"name":"at_ms","type":"long","doc":"when the gateway was told"}]},
  refused: {"type":"record","name":"Refused","namespace":"parley.wire","doc":"Server: verdict. The message has no place; the code says why.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"message_id","type":"string","doc":"of the send"},{"name":"code","type":"string","doc":"from the error catalogue"}]},
  resync: {"type":"record","name":"Resync","namespace":"parley.wire","doc":"Server: frames may have been left out; read the inbox and fetch again.","fields":[{"name":"reason","type":{"type":"enum","name":"ResyncReason","namespace":"parley.types","doc":"slow_device: the device left too much unacknowledged and was switched to catch-up; session_renewed: the entry of the connection was missing for a while.","symbols":["slow_device","session_renewed"],"default":"slow_device"},"doc":"why"}]},
  send: {"type":"record","name":"Send","namespace":"parley.wire","doc":"Client: send a message. Kept by the client until its verdict.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"1:1: UUIDv5 of the two sorted user ids; group: made by the server"},{"name":"peer_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"1:1: the other user; must be there in the first message, may be in all; null in groups","default":null},{"name":"message_id","type":"string","doc":"ULID made by the client; the same on every retry"},{"name":"message_type","type":{"type":"enum","name":"MessageType","namespace":"parley.types","doc":"text and media carry content; edit, delete and reaction name a target and change how it is shown; system tells of a change to the group and is made by the server alone","symbols":["text","image","video","audio","document","edit","delete","reaction","mls","system"],"default":"text"},"doc":"what it is"},{"name":"encrypted_body","type":"bytes","doc":"ciphertext, at most limits.max_body_bytes; may be empty"},{"name":"preview","type":["null","string"],"doc":"at most limits.max_preview_chars Unicode code points, shown in lists and notifications; null for none","default":null},{"name":"media_url","type":["null","string"],"doc":"where the encrypted media is, at most 2,048 bytes","default":null},{"name":"thumbnail_url","type":["null","string"],"doc":"where the encrypted thumbnail is, at most 2,048 bytes","default":null},{"name":"reply_to","type":["null","string"],"doc":"ULID of the message that this one answers; null with a target_id","default":null},{"name":"target_id","type":["null","string"],"doc":"ULID of the message that an edit, delete or reaction is about; null for all other types","default":null},{"name":"timer_seconds","type":"int","doc":"the conversation's disappearing timer, as the client knows it; another one in force gives timer_changed","default":0},{"name":"mls","type":["null",{"type":"record","name":"MlsHeader","namespace":"parley.types","doc":"What a message of the MLS key agreement says in clear; its body stays opaque.","fields":[{"name":"kind","type":{"type":"enum","name":"MlsKind","namespace":"parley.types","doc":"commit: begins the next epoch; proposal: for a commit of the current one; welcome: lets one user's devices into the group; unusable: the sender cannot apply the commit that was accepted for this epoch","symbols":["commit","proposal","welcome","unusable"],"default":"unusable"},"doc":"what it is"},{"name":"group_id","type":"bytes","doc":"of the MLS group; another one in each generation"},{"name":"generation","type":"long","doc":"0 for the conversation's first MLS group"},{"name":"epoch","type":"long","doc":"commit, proposal: the one that it was made in; welcome: the one that it leads into; unusable: the one that the commit was made in"},{"name":"after_seq","type":"long","doc":"commit: up to where its device had applied the conversation; 0 otherwise"},{"name":"recipient_id","type":["null",{"type":"string","logicalType":"uuid"}],"doc":"welcome: whose devices alone are given the body; null otherwise","default":null}]}],"doc":"of a message of type mls; null for all others","default":null}]},
  typing: {"type":"record","name":"Typing","namespace":"parley.wire","doc":"Client: the user is writing or recording in this conversation, or has stopped. Nothing is stored, and nobody answers but with an error.","fields":[{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"the conversation"},{"name":"kind","type":{"type":"enum","name":"TypingKind","namespace":"parley.types","doc":"What a member is doing in a conversation.","symbols":["writing","recording","stopped"],"default":"stopped"},"doc":"what the user is doing"}]},
  unwatch: {"type":"record","name":"Unwatch","namespace":"parley.wire","doc":"Client: tell me no longer about the presence of these users.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; an error carries it"},{"name":"user_ids","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"whom to watch no longer"}]},
  watch: {"type":"record","name":"Watch","namespace":"parley.wire","doc":"Client: tell me about the presence of these users, until the connection ends or unwatch. Each is answered by a presence frame at once.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; an error carries it"},{"name":"user_ids","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}},"doc":"at most limits.max_watched in all"}]},
  withheld: {"type":"record","name":"Withheld","namespace":"parley.wire","doc":"Client: own messages that got no place in the conversation, for the user's other devices. The answer is a page of messages with seq 0, newest last.","fields":[{"name":"request_id","type":"int","doc":"chosen by the client; the answer carries it"},{"name":"conversation_id","type":{"type":"string","logicalType":"uuid"},"doc":"a 1:1 conversation"},{"name":"before","type":["null","string"],"doc":"message id, exclusive; null for the newest"},{"name":"limit","type":"int","doc":"at most limits.max_page_entries"}]},
} as const;
