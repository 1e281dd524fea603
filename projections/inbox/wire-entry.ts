/** A row of the conversation list as it travels in frames, field by field. */
import type { InboxMark, InboxEntry as WireEntry } from '@parley/schemas/generated/wire';
import type { InboxLookup } from '@parley/streams/processors/ports';
import { flagKinds, type InboxEntry, type InboxStore, seenOrdinal, unreadCount } from './store.ts';

export function toWireEntry(entry: InboxEntry): WireEntry {
  return {
    conversation_id: entry.conversationId,
    conversation_type: entry.conversationType,
    other_user_id: entry.otherUserId,
    group_id: entry.conversationType === 'group' ? entry.conversationId : null,
    last_message_preview: entry.lastMessagePreview,
    last_message_at_ms: entry.lastMessageAtMs,
    last_seq: entry.lastSeq,
    read_seq: entry.readSeq,
    unread_count: unreadCount(entry),
    left_seq: entry.leftSeq,
    last_ordinal: entry.lastOrdinal,
    seen_ordinal: seenOrdinal(entry),
    marks: marksOf(entry),
  };
}

function marksOf({ flags, clearedSeq }: InboxEntry): InboxMark[] {
  const marks: InboxMark[] = [];
  for (const kind of flagKinds) {
    const flag = flags[kind];
    if (flag !== undefined) marks.push({ kind, value: flag.value, version: flag.version });
  }
  if (clearedSeq > 0) marks.push({ kind: 'cleared', value: clearedSeq, version: clearedSeq });
  return marks;
}

/** For processors, which tell a user's devices of an entry without knowing what it is made of. */
export class StoredInboxLookup implements InboxLookup {
  readonly #inbox: Pick<InboxStore, 'get'>;

  constructor(inbox: Pick<InboxStore, 'get'>) {
    this.#inbox = inbox;
  }

  async entryOf(userId: string, conversationId: string): Promise<WireEntry | null> {
    const entry = await this.#inbox.get(userId, conversationId);
    return entry === null ? null : toWireEntry(entry);
  }
}
