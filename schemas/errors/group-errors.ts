/** The errors of groups. */
import { type ErrorEntry, entry } from './entry.ts';

export const group = {
  group_full: entry(409, null, false, 'The group would have more members than it may.', 'Remove somebody first.'),
  too_many_groups: entry(
    409,
    null,
    false,
    'The user who is named is in as many groups as allowed.',
    'They must leave one first.',
  ),
  user_unknown: entry(404, null, false, 'A user who is named does not exist.', 'Check the user id that details names.'),
  last_admin: entry(
    409,
    null,
    false,
    'The only admin of a group stays one.',
    'Make somebody else an admin, or hand the role over.',
  ),
  invite_invalid: entry(
    404,
    null,
    false,
    'The invite link was taken back, or never was one.',
    'Ask an admin of the group for a new link.',
  ),
  request_key_reused: entry(
    409,
    null,
    false,
    'The Idempotency-Key was used for another request.',
    'Make a key for each request, and use it again only to repeat the same.',
  ),
} as const satisfies Record<string, ErrorEntry>;
