/**
 * Step 2, project: a slice's outcomes as rows (design rules 8 and 9).
 *
 * Every row's columns are what they are as of the event whose write timestamp it carries, so two processors that cut the log
 * into different batches write the same thing: rows of one user and conversation are merged into the last one, and what a
 * later event did not touch is still true at its time.
 */
import { withheldPartition } from '@parley/schemas/identity/withheld-partition';
import type {
  Accepted,
  DirectoryChanged,
  MemberChange,
  Outcome,
  SystemMessage,
  Withheld,
} from '../conversation/outcome.ts';
import { namedTarget } from '../conversation/payload-hash.ts';
import type { ConversationRow, ConversationRows, MemberRow, MessageRow } from '../conversation/rows.ts';
import type { ConversationState } from '../conversation/state.ts';
import { systemDeviceId } from '../conversation/system-message.ts';
import type { Decided } from './conversation-decide.ts';
import { InboxMerge } from './conversation-inbox.ts';

export function messageRow(conversationId: string, accepted: Accepted | Withheld): MessageRow {
  const { sent } = accepted;
  return {
    conversationId,
    bucket: accepted.bucket,
    subBucket: accepted.subBucket,
    messageId: sent.message_id,
    seq: accepted.seq,
    ordinal: accepted.ordinal,
    senderId: sent.sender_id,
    senderDeviceId: sent.sender_device_id,
    messageType: sent.message_type,
    encryptedBody: sent.encrypted_body,
    preview: sent.preview,
    mediaUrl: sent.media_url,
    thumbnailUrl: sent.thumbnail_url,
    replyTo: sent.reply_to,
    targetId: namedTarget(sent),
    system: null,
    mls: sent.mls,
    atMs: accepted.atMs,
    expiresAtMs: accepted.expiresAtMs,
    payloadHash: accepted.payloadHash,
    writeTimestampUs: accepted.writeTimestampUs,
  };
}

function systemRow(conversationId: string, system: SystemMessage, outcome: DirectoryChanged): MessageRow {
  return {
    conversationId,
    bucket: system.bucket,
    subBucket: system.subBucket,
    messageId: system.messageId,
    seq: system.seq,
    ordinal: system.ordinal,
    senderId: system.change.actor_id,
    senderDeviceId: systemDeviceId,
    messageType: 'system',
    encryptedBody: Buffer.alloc(0),
    preview: null,
    mediaUrl: null,
    thumbnailUrl: null,
    replyTo: null,
    targetId: null,
    system: system.change,
    mls: null,
    atMs: outcome.atMs,
    expiresAtMs: null,
    payloadHash: system.payloadHash,
    writeTimestampUs: outcome.writeTimestampUs,
  };
}

/** The row of what took a seq; null: nothing did. */
export function rowOf(conversationId: string, outcome: Outcome): MessageRow | null {
  if (outcome.kind === 'accepted') return messageRow(conversationId, outcome);
  if (outcome.kind !== 'directory_changed' || outcome.system === null) return null;
  return systemRow(conversationId, outcome.system, outcome);
}

function memberRow(conversationId: string, change: MemberChange, writeTimestampUs: number): MemberRow {
  const { userId, role, joinedSeq, leftSeq } = change;
  return { conversationId, userId, joinedSeq, leftSeq, role, writeTimestampUs };
}

/** The list of buckets is part of the event's outcome: it is taken from the state right after it. */
function conversationRow({ conversationId, conversationType, buckets, writeTimestampUs }: ConversationState) {
  return { conversationId, conversationType, buckets, writeTimestampUs };
}

class RowBuilder {
  readonly #members: MemberRow[] = [];
  readonly #conversations = new Map<string, ConversationRow>();
  readonly #messages: MessageRow[] = [];
  readonly #inboxes = new Map<string, InboxMerge>();

  accepted(state: ConversationState, outcome: Accepted, isGone: boolean): void {
    const { conversationId } = state;
    if (outcome.creates) {
      for (const [userId, { role, joinedSeq }] of state.members) {
        const change: MemberChange = { change: 'joined', userId, role, joinedSeq, leftSeq: null };
        this.#members.push(memberRow(conversationId, change, outcome.writeTimestampUs));
      }
    }
    if (outcome.opensBucket) this.#conversations.set(conversationId, conversationRow(state));
    if (!isGone) this.#messages.push(messageRow(conversationId, outcome));
    this.#inboxOf(conversationId).accepted(state, outcome, isGone);
  }

  /** Nothing of it touches the conversation: neither its members' inboxes nor its own rows (design rule 6). */
  withheld(state: ConversationState, outcome: Withheld, isGone: boolean): void {
    const { sender_id } = outcome.sent;
    const conversationId = withheldPartition(state.conversationId, sender_id);
    if (outcome.opensBucket) {
      const buckets = state.withheld.get(sender_id)!;
      this.#conversations.set(conversationId, { ...conversationRow(state), conversationId, buckets });
    }
    if (!isGone) this.#messages.push(messageRow(conversationId, outcome));
  }

  directoryChanged(state: ConversationState, outcome: DirectoryChanged): void {
    const { conversationId } = state;
    const { system } = outcome;
    for (const change of outcome.changes) {
      this.#members.push(memberRow(conversationId, change, outcome.writeTimestampUs));
    }
    const opensBucket = system?.opensBucket === true;
    if (outcome.directoryVersion === 1 || opensBucket) this.#conversations.set(conversationId, conversationRow(state));
    if (system !== null) this.#messages.push(systemRow(conversationId, system, outcome));
    if (outcome.changes.length > 0 || system !== null) this.#inboxOf(conversationId).directoryChanged(state, outcome);
  }

  #inboxOf(conversationId: string): InboxMerge {
    let inbox = this.#inboxes.get(conversationId);
    if (inbox === undefined) {
      inbox = new InboxMerge();
      this.#inboxes.set(conversationId, inbox);
    }
    return inbox;
  }

  rows(): ConversationRows {
    return {
      members: this.#members,
      conversations: [...this.#conversations.values()],
      messages: this.#messages,
      inbox: [...this.#inboxes.values()].flatMap((inbox) => inbox.rows()),
    };
  }
}

export function buildRows(decided: readonly Decided[]): ConversationRows {
  const builder = new RowBuilder();
  for (const { outcome, state, isGone } of decided) {
    if (outcome.kind === 'accepted') builder.accepted(state, outcome, isGone === true);
    else if (outcome.kind === 'withheld') builder.withheld(state, outcome, isGone === true);
    else if (outcome.kind === 'directory_changed') builder.directoryChanged(state, outcome);
  }
  return builder.rows();
}

export function isEmpty({ members, conversations, messages, inbox }: ConversationRows): boolean {
  return members.length + conversations.length + messages.length + inbox.length === 0;
}
