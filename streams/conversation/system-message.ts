/**
 * System messages: what a directory event looks like in a conversation (design rule 20).
 *
 * No client made an id for them, so the fold makes one: a ULID of T and of a hash over the conversation and the directory's
 * version. Whoever folds the log gets the same one. Members see these ids and can guess coming ones, so an id that is taken (a
 * message with a time around T was decided in the last 60 s, hence is remembered) is passed over for the next; and the fold
 * remembers the system message's own id, with a fingerprint that no client's payload has, so that it is nobody else's later.
 */
import { hash } from 'node:crypto';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import type { Moment } from './outcome.ts';
import { payloadHashBytes } from './payload-hash.ts';
import type { ConversationState } from './state.ts';

/** Stands where the sending device of a message is named: nobody's. */
export const systemDeviceId = '00000000-0000-0000-0000-000000000000';

interface SystemMessageId {
  readonly messageId: string;
  readonly payloadHash: Buffer;
}

export interface SystemMessageOrigin {
  readonly conversationId: string;
  /** The directory's. */
  readonly version: number;
  /** T of the event. */
  readonly atMs: number;
  /** 0, or how many ids were taken. */
  readonly attempt: number;
}

export function systemIdOf({ conversationId, version, atMs, attempt }: SystemMessageOrigin): SystemMessageId {
  const digest = hash('sha256', `system:${conversationId}:${version}:${attempt}`, 'buffer');
  const bytes = (length: number) => digest.subarray(0, length);
  const messageId = makeMessageId(atMs, { next: () => 0, bytes });
  return { messageId, payloadHash: Buffer.from(digest.subarray(digest.length - payloadHashBytes)) };
}

export function systemMessageId(state: ConversationState, version: number, { atMs }: Moment): SystemMessageId {
  for (let attempt = 0; ; attempt++) {
    const id = systemIdOf({ conversationId: state.conversationId, version, atMs, attempt });
    if (state.recent.find(id.messageId) === undefined) return id;
  }
}
