/** Given/when/then for the fold: people, a group, and events with the fields that a test cares about. */
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import type { Random } from '@parley/schemas/environment/random';
import type {
  ConversationChanged,
  MemberRole,
  MessageSent,
  MessageTarget,
  MessageType,
} from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { decide, initialState } from './decide.ts';
import { evolve } from './evolve.ts';
import type { Accepted, Outcome, ReceivedEvent } from './outcome.ts';
import type { ConversationState } from './state.ts';

export const alice = 'a11ce000-0000-4000-8000-000000000001';
export const bob = 'b0b00000-0000-4000-8000-000000000002';
export const carol = 'ca401000-0000-4000-8000-000000000003';
export const mallory = 'ba1104e0-0000-4000-8000-000000000004';
export const direct = directConversationId(alice, bob);
export const group = '96009000-0000-4000-8000-000000000005';
export const startMs = 1_800_000_000_000;

/** The same bytes on every run. */
export function countingRandom(): Random {
  let count = 0;
  return {
    next: () => 0,
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(length - 4, ++count);
      // The low 5 bits of each byte count in a ULID.
      for (let at = 0, rest = count; at < length; at++, rest = Math.floor(rest / 32)) bytes[at] = rest % 32;
      return bytes;
    },
  };
}

const random = countingRandom();

export const newId = (timeMs: number): string => makeMessageId(timeMs, random);

export type Sent = Partial<MessageSent> & { readonly at?: number };

/** From Alice to Bob, unless told otherwise; the id's time is the receive time. */
export function sent({ at = startMs, ...fields }: Sent = {}): ReceivedEvent & { name: 'message_sent' } {
  const conversationId = fields.conversation_id ?? direct;
  const senderId = fields.sender_id ?? alice;
  const event: MessageSent = {
    conversation_id: conversationId,
    peer_id: conversationId === direct ? (senderId === alice ? bob : alice) : null,
    message_id: newId(at),
    sender_id: senderId,
    sender_device_id: `${senderId.slice(0, 24)}d0000000000d`,
    message_type: 'text',
    encrypted_body: Buffer.from('ciphertext'),
    preview: null,
    media_url: null,
    thumbnail_url: null,
    reply_to: null,
    target: null,
    timer_seconds: 0,
    sealed_content: null,
    mls: null,
    rules_version: 1,
    ...fields,
  };
  return { name: 'message_sent', receivedAtMs: at, event };
}

/** The same send again, later. */
export function again(first: ReceivedEvent & { name: 'message_sent' }, at: number, fields: Partial<MessageSent> = {}) {
  return { ...first, receivedAtMs: at, event: { ...first.event, ...fields } };
}

export function created(version = 1, admin = alice, ...others: string[]): ReceivedEvent {
  const members = [
    { user_id: admin, role: 'admin' as const },
    ...others.map((user_id) => ({ user_id, role: 'member' as const })),
  ];
  const event = {
    ...untitledGroup,
    conversation_id: group,
    directory_version: version,
    created_by: admin,
    members,
    rules_version: 1,
  };
  return { name: 'conversation_created', receivedAtMs: startMs, event };
}

export function added(version: number, userId: string, conversationId = group): ReceivedEvent {
  return {
    name: 'member_added',
    receivedAtMs: startMs,
    event: {
      conversation_id: conversationId,
      directory_version: version,
      user_id: userId,
      role: 'member',
      added_by: alice,
      via: 'added',
      rules_version: 1,
    },
  };
}

export function removed(version: number, userId: string): ReceivedEvent {
  return {
    name: 'member_removed',
    receivedAtMs: startMs,
    event: {
      conversation_id: group,
      directory_version: version,
      user_id: userId,
      removed_by: alice,
      rules_version: 1,
    },
  };
}

export function roleChanged(version: number, userId: string, role: MemberRole): ReceivedEvent {
  const changed = { user_id: userId, role, changed_by: alice };
  const event = { conversation_id: group, directory_version: version, ...changed, rules_version: 2 };
  return { name: 'member_role_changed', receivedAtMs: startMs, event };
}

export function changed(version: number, fields: Partial<ConversationChanged>): ReceivedEvent {
  const nothing = { title: null, description: null, picture_url: null, who_may_send: null, who_may_edit: null };
  const about = { conversation_id: group, directory_version: version, changed_by: alice, rules_version: 2 };
  return { name: 'conversation_changed', receivedAtMs: startMs, event: { ...about, ...nothing, ...fields } };
}

/** Alice sets it; in her conversation with Bob unless another is named. */
export function timerChanged(version: number, timer_seconds: number, conversationId = direct): ReceivedEvent {
  const about = { conversation_id: conversationId, directory_version: version, changed_by: alice, rules_version: 2 };
  const peer_id = conversationId === direct ? bob : null;
  return { name: 'conversation_timer_changed', receivedAtMs: startMs, event: { ...about, timer_seconds, peer_id } };
}

/** In the conversation of the two. */
export function blockChanged(version: number, blocked: boolean, blocker_id = alice, blocked_id = bob): ReceivedEvent {
  const about = { conversation_id: direct, directory_version: version, rules_version: 3 };
  return { name: 'block_changed', receivedAtMs: startMs, event: { ...about, blocker_id, blocked_id, blocked } };
}

/** The event as one of rules version 2: it takes a seq. */
export function numbered(received: ReceivedEvent, about: Readonly<Record<string, unknown>> = {}): ReceivedEvent {
  return { ...received, event: { ...received.event, rules_version: 2, ...about } } as ReceivedEvent;
}

/** What a gateway would stamp about an accepted message. */
export function targetOf(accepted: Outcome, messageType?: MessageType): MessageTarget {
  const { sent: event, seq, atMs } = accepted as Accepted;
  return {
    message_id: event.message_id,
    seq,
    sender_id: event.sender_id,
    message_type: messageType ?? event.message_type,
    at_ms: atMs,
  };
}

/** A conversation that remembers its state. */
export class Story {
  state: ConversationState;

  constructor(conversationId: string, ...past: readonly ReceivedEvent[]) {
    this.state = initialState(conversationId);
    for (const event of past) this.when(event);
  }

  when(event: ReceivedEvent): Outcome {
    const outcome = decide(this.state, event);
    this.state = evolve(this.state, outcome);
    return outcome;
  }
}

export const given = (conversationId: string, ...past: readonly ReceivedEvent[]): Story =>
  new Story(conversationId, ...past);
