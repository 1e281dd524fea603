/**
 * Every error that Parley tells anybody, once: what it is called, how it travels over HTTP and WebSocket, and what to do.
 * docs/ERRORS.md lists the same rows; a test holds the two together.
 */
import { type ErrorEntry, entry } from './entry.ts';
import { group } from './group-errors.ts';
import { log } from './log-errors.ts';

export type { ErrorEntry } from './entry.ts';

/** The connection. */
const connection = {
  unauthenticated: entry(
    401,
    4401,
    false,
    'The access token is missing, malformed or expired.',
    'Refresh the access token and connect again.',
  ),
  device_revoked: entry(401, 4403, false, 'The device was revoked.', 'Register the device again.'),
  superseded: entry(
    409,
    4409,
    false,
    'A newer connection of the same device took over.',
    'Nothing: the newer connection goes on.',
  ),
  heartbeat_timeout: entry(
    408,
    4408,
    true,
    'No frame arrived within the heartbeat timeout.',
    'Connect again and resume.',
  ),
  going_away: entry(
    503,
    4503,
    true,
    'The gateway is shutting down.',
    'Connect again after the delay that go_away named.',
  ),
  not_ready: entry(503, 1013, true, 'The server is not ready yet.', 'Connect again with backoff.'),
  too_many_connections: entry(
    503,
    1013,
    true,
    'The gateway holds as many connections as it may.',
    'Connect again with backoff.',
  ),
  unsupported_protocol: entry(
    400,
    null,
    false,
    'None of the offered WebSocket subprotocols is spoken here.',
    'Offer parley.v1.avro or parley.v1.json.',
  ),
  frame_too_large: entry(
    413,
    1009,
    false,
    'The WebSocket message is larger than limits.max_frame_bytes.',
    'Send a smaller frame.',
  ),
  too_many_errors: entry(
    400,
    4400,
    false,
    'The connection sent too many frames that could not be taken.',
    'Mend the client.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** A frame or request. */
const request = {
  malformed_frame: entry(400, null, false, 'The frame is not one of the protocol.', 'Mend the client.'),
  unexpected_frame: entry(400, null, false, 'The frame is one that only the server sends.', 'Mend the client.'),
  invalid_request: entry(
    400,
    null,
    false,
    'A field of the request is missing or out of its range.',
    'Correct the field that details names.',
  ),
  request_too_large: entry(413, null, false, 'The body of the request is larger than allowed.', 'Send less.'),
  not_found: entry(404, null, false, 'There is nothing by that name, or it is not for this user.', 'Check the id.'),
  method_not_allowed: entry(
    405,
    null,
    false,
    'The path is there, but not for this method.',
    'Use a method of the Allow header.',
  ),
  banned: entry(403, null, false, 'The user was banned by the operator.', 'Nothing: the answer stays the same.'),
  forbidden: entry(403, null, false, 'The caller may not do this.', 'Nothing: the answer stays the same.'),
  rate_limited: entry(
    429,
    null,
    true,
    'The caller sent more than the limit allows.',
    'Wait for retry_after_ms and send the same again.',
  ),
  overloaded: entry(503, null, true, 'A bounded queue is full.', 'Wait for retry_after_ms and send the same again.'),
  unavailable: entry(
    503,
    null,
    true,
    'A service that is needed does not answer.',
    'Wait for retry_after_ms and send the same again.',
  ),
  internal: entry(
    500,
    null,
    true,
    'Something failed that should not have.',
    'Try again; tell the operator if it stays.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** A send. */
const send = {
  body_too_large: entry(
    413,
    null,
    false,
    'The encrypted body is larger than limits.max_body_bytes.',
    'Send it as media.',
  ),
  preview_too_long: entry(400, null, false, 'The preview is longer than limits.max_preview_chars.', 'Cut the preview.'),
  invalid_message_id: entry(400, null, false, 'The message id is not a ULID.', 'Make a ULID.'),
  invalid_message_type: entry(
    400,
    null,
    false,
    'Messages of type system are made by the server alone.',
    'Send another type.',
  ),
  peer_unknown: entry(404, null, false, 'There is no such user.', 'Check peer_id.'),
  clock_ahead: entry(
    503,
    null,
    true,
    "The gateway's clock is ahead of the log's.",
    'Send the same id again, through another gateway if this one says not ready.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** Verdicts of the fold. */
const verdict = {
  conflict: entry(
    409,
    null,
    false,
    'The message id is known with another payload.',
    'Keep the first; send the other under a new id.',
  ),
  out_of_window: entry(
    422,
    null,
    false,
    "The message id's time is too far from the server's time.",
    'Correct the clock from hello; take a new id once a sync shows that the old one was never accepted.',
  ),
  not_a_member: entry(
    403,
    null,
    false,
    'The sender is not a member of the conversation.',
    'Nothing: the answer stays the same.',
  ),
  admins_only: entry(403, null, false, 'Only admins may send to the group.', 'Ask an admin of the group.'),
  blocked_by_you: entry(
    403,
    null,
    false,
    'The sender has blocked the other user of the conversation.',
    'Unblock the user first.',
  ),
  timer_changed: entry(
    409,
    null,
    false,
    'The message was made for another disappearing timer than the one in force.',
    'Read the conversation’s timer and send under a new id.',
  ),
  conversation_mismatch: entry(
    400,
    null,
    false,
    'The conversation id does not belong to the two users.',
    'Derive it as UUIDv5 of the sorted user ids.',
  ),
  conversation_unknown: entry(404, null, false, 'There is no such conversation.', 'Check the id.'),
  conversation_busy: entry(
    429,
    null,
    true,
    'The conversation decides more messages than its window holds.',
    'Wait some seconds and send the same id again; once it is out_of_window, do as there.',
  ),
  target_missing: entry(
    400,
    null,
    false,
    'An edit, delete or reaction must name a message of the conversation.',
    'Name an accepted message.',
  ),
  target_not_visible: entry(
    403,
    null,
    false,
    'The target lies outside what the sender may see.',
    'Nothing: the answer stays the same.',
  ),
  target_not_yours: entry(
    403,
    null,
    false,
    'Only its author may do this to a message.',
    'Nothing: the answer stays the same.',
  ),
  target_wrong_type: entry(
    422,
    null,
    false,
    'That cannot be done to a message of this type.',
    'Nothing: the answer stays the same.',
  ),
  target_too_old: entry(
    422,
    null,
    false,
    'It is too late to do this to the message.',
    'Nothing: the answer stays the same.',
  ),
  epoch_conflict: entry(
    409,
    null,
    false,
    'The message of the key agreement is not for the current epoch: another commit was accepted first, or the generation ended.',
    'Apply what was accepted, and make it anew.',
  ),
  membership_stale: entry(
    409,
    null,
    false,
    'The commit was made without knowing of the last change of members or generation.',
    'Apply what was accepted, change the MLS group accordingly, and commit anew.',
  ),
  mls_header_invalid: entry(
    400,
    null,
    false,
    'The header in clear is missing, does not fit the type, or names what cannot be.',
    'Mend the client.',
  ),
  recipient_not_a_member: entry(
    409,
    null,
    false,
    'The welcome is for somebody who is no member.',
    'Add them to the group first.',
  ),
  rules_unknown: entry(
    422,
    null,
    false,
    'The event was stamped with a version of the rules that does not exist, or not yet in this build.',
    'Deploy the processors that know it: the partition waits. Otherwise tell the operator.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** Accounts. */
const account = {
  invalid_phone_number: entry(400, null, false, 'The phone number is not a valid E.164 number.', 'Correct the number.'),
  invalid_code: entry(401, null, false, 'The one-time code is wrong or has expired.', 'Ask for a new code.'),
  too_many_attempts: entry(429, null, true, 'Too many wrong codes.', 'Wait for retry_after_ms and ask for a new code.'),
  invalid_refresh_token: entry(
    401,
    null,
    false,
    'The refresh token is unknown, expired or was used before; a reused one revokes the device.',
    'Register the device again.',
  ),
  too_many_devices: entry(409, null, false, 'The user has as many devices as allowed.', 'Remove a device first.'),
  too_many_blocks: entry(409, null, false, 'The user has blocked as many as allowed.', 'Unblock others first.'),
  too_many_contacts: entry(
    409,
    null,
    false,
    'The address book holds as many contacts as allowed.',
    'Remove contacts first.',
  ),
  too_many_keys: entry(
    409,
    null,
    false,
    'The device would hold more one-time keys than it may.',
    'Ask how many are held, and hand in fewer.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** The catalogue in sections, as docs/ERRORS.md lists it. */
export const errorSections: ReadonlyArray<{
  readonly title: string;
  readonly entries: Readonly<Record<string, ErrorEntry>>;
}> = [
  { title: 'The connection', entries: connection },
  { title: 'A frame or request', entries: request },
  { title: 'A send', entries: send },
  { title: 'Verdicts of the fold', entries: verdict },
  { title: 'Accounts', entries: account },
  { title: 'Groups', entries: group },
  { title: 'The log and the processors', entries: log },
];

export const errorCatalogue = { ...connection, ...request, ...send, ...verdict, ...account, ...group, ...log } as const;

export type ErrorCode = keyof typeof errorCatalogue;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
