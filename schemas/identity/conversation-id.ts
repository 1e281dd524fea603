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

const uuidLength = 36;
const versionAt = 14;
const variantAt = 19;
/** What may stand at each place of a UUID, by character code. */
const allowed = Array.from({ length: uuidLength }, (_, at) => {
  const characters =
    at === 8 || at === 13 || at === 18 || at === 23
      ? '-'
      : at === versionAt
        ? '12345678'
        : at === variantAt
          ? '89ab'
          : '0123456789abcdef';
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
});
const nilUuid = '00000000-0000-0000-0000-000000000000';
const maxUuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * True for a UUID in its canonical lower-case text form; other spellings would be other keys.
 *
 * By tables instead of the library's regular expression: every frame is asked for its ids, and that was 2 % of a gateway's work.
 */
export function isUuid(id: string): boolean {
  if (id.length !== uuidLength) return false;
  for (let at = 0; at < uuidLength; at++) {
    if (allowed[at]![id.charCodeAt(at)] !== 1) return id === nilUuid || id === maxUuid;
  }
  return true;
}
