/**
 * The conversation list as this device knows it: from the inbox, from what other devices of the user do, and from the messages that
 * arrive, in whatever order they come.
 *
 * Counts and watermarks only grow, and a mark has a version, so of two tellings each part is taken from the newer: a page of the inbox
 * that was read before a message, or a mark, arrived takes nothing back.
 */
import type { InboxEntry, InboxMark, MarkKind, SystemKind, WireMessage } from '@parley/schemas/generated/wire';
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';

/** One conversation of the list. */
export interface ListedConversation {
  readonly conversationId: string;
  readonly type: InboxEntry['conversation_type'];
  /** 1:1: the other user. */
  readonly otherUserId: string | null;
  readonly preview: string | null;
  readonly lastMessageAtMs: number | null;
  readonly lastSeq: number;
  readonly unreadCount: number;
  /** The user may no longer see what comes at or after it; null while a member. */
  readonly leftSeq: number | null;
  /** Since when; null: not pinned. */
  readonly pinnedAtMs: number | null;
  readonly isArchived: boolean;
  /** Until when; null: not at all. */
  readonly mutedUntilMs: number | null;
  readonly isMarkedUnread: boolean;
  /** Everything up to here is deleted for this user; 0: nothing. */
  readonly clearedSeq: number;
}

export class ConversationList {
  readonly #userId: string;
  readonly #changed: (conversation: ListedConversation) => void;
  readonly #entries = new Map<string, InboxEntry>();
  /** Of each conversation the messages that arrived and are not seen, by seq: how many countable ones there are up to each. */
  readonly #ordinals = new Map<string, Map<number, number>>();

  constructor(userId: string, changed: (conversation: ListedConversation) => void) {
    this.#userId = userId;
    this.#changed = changed;
  }

  get(conversationId: string): ListedConversation | null {
    const entry = this.#entries.get(conversationId);
    return entry === undefined ? null : listed(entry);
  }

  /** Pinned ones first, then by the last message; those put into the archive are among them. */
  all(): ListedConversation[] {
    return [...this.#entries.values()].map(listed).sort((one, other) => {
      const pinned = (other.pinnedAtMs ?? 0) - (one.pinnedAtMs ?? 0);
      return pinned !== 0 ? pinned : (other.lastMessageAtMs ?? 0) - (one.lastMessageAtMs ?? 0);
    });
  }

  /** Of the inbox, or of an update. */
  apply(entry: InboxEntry): void {
    const known = this.#entries.get(entry.conversation_id);
    this.#put(known, known === undefined ? entry : merged(known, entry));
  }

  /** A message that arrived. False: nothing is known of its conversation, and it does not tell enough. */
  message(message: WireMessage): boolean {
    const known = this.#entries.get(message.conversation_id);
    const before = known ?? this.#begun(message, null);
    if (before === null) return false;
    const entry = this.#after(before, message);
    this.#noteOrdinal(message, entry.seen_ordinal);
    this.#put(known, entry);
    return true;
  }

  /** The same, of a 1:1 conversation that the user began on another device. */
  begin(message: WireMessage, otherUserId: string): void {
    const known = this.#entries.get(message.conversation_id);
    this.#put(known, this.#after(known ?? this.#begun(message, otherUserId)!, message));
  }

  /** The user has read everything up to seq. */
  read(conversationId: string, seq: number): void {
    const known = this.#entries.get(conversationId);
    if (known === undefined) return;
    const ordinal = seq >= known.last_seq ? known.last_ordinal : this.#ordinals.get(conversationId)?.get(seq);
    const seen_ordinal = Math.max(known.seen_ordinal, ordinal ?? 0);
    this.#put(known, counted({ ...known, read_seq: Math.max(known.read_seq, seq), seen_ordinal }));
  }

  /** What was seen since needs not be looked up any more. */
  #noteOrdinal({ conversation_id: conversationId, seq, ordinal }: WireMessage, seenOrdinal: number): void {
    let ordinals = this.#ordinals.get(conversationId);
    if (ordinals === undefined) {
      ordinals = new Map();
      this.#ordinals.set(conversationId, ordinals);
    }
    if (ordinal > seenOrdinal) ordinals.set(seq, ordinal);
    for (const [known, upTo] of ordinals) {
      if (upTo > seenOrdinal && ordinals.size <= maxOrdinals) break;
      ordinals.delete(known);
    }
  }

  #begun(message: WireMessage, otherUserId: string | null): InboxEntry | null {
    const { conversation_id, sender_id: senderId } = message;
    const isDirect = isDirectConversationId(conversation_id);
    const other = otherUserId ?? (senderId === this.#userId ? null : senderId);
    // In the middle of a group nothing tells what the user has seen there: only the message of their joining begins it.
    if (isDirect ? other === null : !tellsOf(message, joining, this.#userId)) return null;
    return {
      ...{ conversation_id, conversation_type: isDirect ? 'one_on_one' : 'group' },
      ...{ other_user_id: isDirect ? other : null, group_id: isDirect ? null : conversation_id },
      ...{ last_message_preview: null, last_message_at_ms: null, last_seq: 0, read_seq: 0, unread_count: 0 },
      ...{ left_seq: null, last_ordinal: 0, seen_ordinal: isDirect ? 0 : message.ordinal, marks: [] },
    };
  }

  #after(entry: InboxEntry, message: WireMessage): InboxEntry {
    const isLast = message.ordinal > entry.last_ordinal;
    const isOwn = message.sender_id === this.#userId && !silent.has(message.message_type);
    const hasJoined = tellsOf(message, joining, this.#userId);
    return counted({
      ...entry,
      left_seq: message.seq < entry.last_seq ? entry.left_seq : leftSeqAfter(entry, message, this.#userId),
      last_seq: Math.max(entry.last_seq, message.seq),
      last_ordinal: Math.max(entry.last_ordinal, message.ordinal),
      ...(isLast ? { last_message_preview: message.preview, last_message_at_ms: message.at_ms } : {}),
      seen_ordinal: isOwn || hasJoined ? Math.max(entry.seen_ordinal, message.ordinal) : entry.seen_ordinal,
    });
  }

  #put(known: InboxEntry | undefined, entry: InboxEntry): void {
    this.#entries.set(entry.conversation_id, entry);
    const conversation = listed(entry);
    if (known === undefined || !isSame(listed(known), conversation)) this.#changed(conversation);
  }
}

/** Of one conversation; who reads an older one learns of the count with the next inbox. */
const maxOrdinals = 256;

/** Sent on nobody's behalf: they say nothing of what their sender has seen. */
const silent: ReadonlySet<WireMessage['message_type']> = new Set(['mls', 'system']);

/** Whose system messages make their users members, and no members any more. */
const joining: ReadonlySet<SystemKind> = new Set(['created', 'added', 'joined_by_link']);
const leaving: ReadonlySet<SystemKind> = new Set(['removed', 'left']);

function tellsOf({ system }: WireMessage, kinds: ReadonlySet<SystemKind>, userId: string): boolean {
  return system !== null && kinds.has(system.kind) && system.user_ids.includes(userId);
}

/** Who comes back may see again; who leaves sees the message of it, and nothing after. */
function leftSeqAfter(entry: InboxEntry, message: WireMessage, userId: string): number | null {
  if (tellsOf(message, joining, userId)) return null;
  return tellsOf(message, leaving, userId) ? message.seq + 1 : entry.left_seq;
}

const counted = (entry: InboxEntry): InboxEntry => ({
  ...entry,
  unread_count: Math.max(0, entry.last_ordinal - entry.seen_ordinal),
});

function merged(known: InboxEntry, entry: InboxEntry): InboxEntry {
  const last = isNewerMessage(entry, known) ? entry : known;
  return counted({
    ...entry,
    last_message_preview: last.last_message_preview,
    last_message_at_ms: last.last_message_at_ms,
    last_seq: Math.max(entry.last_seq, known.last_seq),
    last_ordinal: Math.max(entry.last_ordinal, known.last_ordinal),
    read_seq: Math.max(entry.read_seq, known.read_seq),
    seen_ordinal: Math.max(entry.seen_ordinal, known.seen_ordinal),
    left_seq: entry.last_seq >= known.last_seq ? entry.left_seq : known.left_seq,
    marks: mergedMarks(known.marks, entry.marks),
  });
}

/** Of the same message the one stands that knows more of what is cleared. */
function isNewerMessage(entry: InboxEntry, than: InboxEntry): boolean {
  if (entry.last_ordinal !== than.last_ordinal) return entry.last_ordinal > than.last_ordinal;
  return markOf(entry, 'cleared') >= markOf(than, 'cleared');
}

function mergedMarks(known: readonly InboxMark[], told: readonly InboxMark[]): InboxMark[] {
  const marks = new Map(known.map((mark) => [mark.kind, mark]));
  for (const mark of told) if (mark.version >= (marks.get(mark.kind)?.version ?? 0)) marks.set(mark.kind, mark);
  return [...marks.values()];
}

function markOf({ marks }: InboxEntry, kind: MarkKind): number {
  return marks.find((mark) => mark.kind === kind)?.value ?? 0;
}

function listed(entry: InboxEntry): ListedConversation {
  const timeOf = (kind: MarkKind): number | null => markOf(entry, kind) || null;
  return {
    conversationId: entry.conversation_id,
    type: entry.conversation_type,
    otherUserId: entry.other_user_id,
    preview: entry.last_message_preview,
    lastMessageAtMs: entry.last_message_at_ms,
    lastSeq: entry.last_seq,
    unreadCount: entry.unread_count,
    leftSeq: entry.left_seq,
    pinnedAtMs: timeOf('pinned'),
    isArchived: markOf(entry, 'archived') > 0,
    mutedUntilMs: timeOf('muted'),
    isMarkedUnread: markOf(entry, 'unread') > 0,
    clearedSeq: markOf(entry, 'cleared'),
  };
}

function isSame(one: ListedConversation, other: ListedConversation): boolean {
  return (Object.keys(one) as (keyof ListedConversation)[]).every((key) => one[key] === other[key]);
}
