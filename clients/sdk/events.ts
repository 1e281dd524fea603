/** What a client tells the application. */
import type { KeyKind, PresenceStatus, ReceiptKind, SystemChange, WireMessage } from '@parley/schemas/generated/wire';
import type { ListedConversation } from './conversation-list.ts';
import type { TypingEvent } from './typing.ts';

export type MessageStatus = 'sent' | 'delivered' | 'read';

export type ClientEvents = {
  /** Connected and registered; sync begins. */
  connected: { connectionId: number; gatewayId: string };
  /** The application has everything that the server had when the sync began. */
  synced: undefined;
  disconnected: { code: number; reason: string; reconnectInMs: number | null };
  /** Messages of one conversation, in order of seq, each once, before the cursor moves past them. */
  messages: { conversationId: string; messages: readonly WireMessage[] };
  /** What happened to a group: after the `messages` that carry it, in the same order. */
  system: { conversationId: string; seq: number; atMs: number; change: SystemChange };
  /** The log holds an own message durably. */
  appended: { messageId: string };
  /** An own message was not transmitted in time, or was out of the window and never accepted: it goes on under a new id. */
  renamed: { messageId: string; newMessageId: string };
  /** An own message was refused for good, also one of an earlier run of the application. */
  refused: { conversationId: string; messageId: string; code: string };
  /** ✓, ✓✓, blue ✓✓ of an own message of this device. */
  status: { conversationId: string; messageId: string; seq: number; status: MessageStatus };
  /**
   * An own message, of this device or another one, that has no place in the conversation: it is shown as sent, in order of its
   * time, has seq 0, and counts for no cursor. See `withheld` for those that this device was not there for.
   */
  withheld: { conversationId: string; message: WireMessage };
  /** An entry of the conversation list is new, or not what it was. */
  conversation: ListedConversation;
  receipt: { conversationId: string; userId: string; kind: ReceiptKind; seq: number; atMs: number };
  /** A member began to write or record, or stopped; told at every change. */
  typing: TypingEvent;
  presence: { userId: string; status: PresenceStatus; lastSeenMs: number | null };
  /** This device should hand in more keys of the kind. A hint: also ask how many are left after connecting. */
  keysLow: { kind: KeyKind; held: number };
  /** A device of somebody this user writes with came, went or changed its identity. A hint: also compare versions after connecting. */
  identityChanged: { userId: string; identityVersion: number };
  /** A gap was seen and is being repaired. */
  gap: { conversationId: string; afterSeq: number; beforeSeq: number };
  /** An error frame that belongs to no request and no send. */
  error: { code: string; message: string };
  /** The client stopped for good: the device was revoked, or a newer connection of it took over. */
  ended: { code: string };
};

/** What system messages among these tell. */
export function systemChanges(conversationId: string, messages: readonly WireMessage[]): Array<ClientEvents['system']> {
  return messages.flatMap(({ seq, at_ms: atMs, system: change }) =>
    change === null ? [] : [{ conversationId, seq, atMs, change }],
  );
}

/** How a send ended; seq 0 for what has no place in the conversation. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly messageId: string; readonly seq: number; readonly atMs: number }
  | { readonly kind: 'refused'; readonly messageId: string; readonly code: string };
