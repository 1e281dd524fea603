/** Ids of conversations: a 1:1 id is derived from its two users, a group id is made by the server. */
import { v5, validate, version } from 'uuid';

/** Namespace of the UUIDv5 of 1:1 conversations; part of the protocol, never to be changed. */
export const directConversationNamespace = '5f0d3c1e-7a54-4f5b-9c3a-2f6f1d8e4b90';

/** UUIDv5 over the two user ids in lower case, sorted, joined by a colon (design rule 5). */
export function directConversationId(userA: string, userB: string): string {
  const [first, second] = [userA.toLowerCase(), userB.toLowerCase()].sort();
  return v5(`${first}:${second}`, directConversationNamespace);
}

/** True if the id is one that a 1:1 conversation may have; group ids are never version 5. */
export function isDirectConversationId(id: string): boolean {
  return validate(id) && version(id) === 5;
}

/** True for a UUID in its canonical lower-case text form; other spellings would be other keys. */
export function isUuid(id: string): boolean {
  return id.length === 36 && id === id.toLowerCase() && validate(id);
}
