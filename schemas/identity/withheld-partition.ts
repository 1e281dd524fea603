/**
 * Where what was withheld of a sender is kept: beside the conversation, in message rows under an id of its own (design rule 6).
 *
 * UUIDv5 over conversation and sender in a namespace that no conversation has: nobody is a member of it, so that no page, frame
 * or look-up of a conversation ever comes upon it.
 */
import { v5 } from 'uuid';

/** Part of what is stored, never to be changed. */
const withheldNamespace = '0b8c1a52-51d7-4c63-9d0e-6a4a8a5f7c21';

export function withheldPartition(conversationId: string, senderId: string): string {
  return v5(`${conversationId}:${senderId}`, withheldNamespace);
}
