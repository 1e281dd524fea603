/**
 * Step 3, route: a slice's verdicts and messages as frames, each encoded once, in order of offset, hence of seq.
 *
 * A verdict goes to the device that sent, a message to every device of every member but that one. A system message goes to every
 * device of every member, and to those of whom it tells that they are members no more: it is the last that they get. A welcome to an
 * MLS group goes with its body to the devices of its recipient alone, and empty to all others, who need its seq. Messages of one
 * conversation share the array of its members for as long as these do not change: a router lays an array out once.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { MessageSent } from '@parley/schemas/generated/events';
import { isReadable } from '../conversation/mls.ts';
import type { Accepted, DirectoryChanged, Outcome, SystemMessage, Withheld } from '../conversation/outcome.ts';
import { namedTarget } from '../conversation/payload-hash.ts';
import type { Member } from '../conversation/state.ts';
import { systemDeviceId } from '../conversation/system-message.ts';
import type { Routable } from '../delivery/delivery.ts';
import type { Decided } from './conversation-decide.ts';
import type { Verdict } from './conversation-late-ids.ts';

const noBytes = Buffer.alloc(0);

/** An accepted message and where its frame stands among the routables. */
export interface RoutedMessage {
  readonly conversationId: string;
  readonly accepted: Accepted;
  readonly members: readonly string[];
  readonly routable: number;
}

export interface Frames {
  readonly routables: readonly Routable[];
  readonly messages: readonly RoutedMessage[];
}

function verdictFrame({ conversation_id, message_id }: MessageSent, verdict: Verdict): Buffer {
  if ('refused' in verdict) return encodeFrame('refused', { conversation_id, message_id, code: verdict.refused });
  const { seq, ordinal, atMs } = verdict;
  return encodeFrame('accepted', { conversation_id, message_id, seq, ordinal, at_ms: atMs });
}

function messageFrame({ sent, seq, ordinal, atMs, expiresAtMs }: Accepted | Withheld, body: Buffer): Buffer {
  return encodeFrame('message', {
    message: {
      conversation_id: sent.conversation_id,
      seq,
      ordinal,
      message_id: sent.message_id,
      sender_id: sent.sender_id,
      sender_device_id: sent.sender_device_id,
      message_type: sent.message_type,
      encrypted_body: body,
      preview: sent.preview,
      media_url: sent.media_url,
      thumbnail_url: sent.thumbnail_url,
      reply_to: sent.reply_to,
      target_id: namedTarget(sent),
      at_ms: atMs,
      system: null,
      expires_at_ms: expiresAtMs,
      mls: sent.mls,
    },
  });
}

function systemFrame(conversationId: string, { messageId, seq, ordinal, change }: SystemMessage, atMs: number): Buffer {
  return encodeFrame('message', {
    message: {
      conversation_id: conversationId,
      seq,
      ordinal,
      message_id: messageId,
      sender_id: change.actor_id,
      sender_device_id: systemDeviceId,
      message_type: 'system',
      encrypted_body: noBytes,
      preview: null,
      media_url: null,
      thumbnail_url: null,
      reply_to: null,
      target_id: null,
      at_ms: atMs,
      system: change,
      expires_at_ms: null,
      mls: null,
    },
  });
}

interface Audience {
  readonly userIds: readonly string[];
  readonly body: Buffer;
}

/** All members, but of a welcome to an MLS group, whose body is given to the devices of one. */
function audiencesOf({ mls, encrypted_body }: MessageSent, members: readonly string[]): readonly Audience[] {
  if (mls === null || mls.recipient_id === null) return [{ userIds: members, body: encrypted_body }];
  const readers = members.filter((userId) => isReadable(mls, userId));
  const others = members.filter((userId) => !isReadable(mls, userId));
  return [
    { userIds: readers, body: encrypted_body },
    { userIds: others, body: noBytes },
  ];
}

/** Null where nothing is to be told. */
function systemRoutable(
  { conversationId }: Decided,
  { system, changes, atMs }: DirectoryChanged,
  members: readonly string[],
): Routable | null {
  if (system === null) return null;
  const leavers = changes.filter(({ change }) => change === 'left').map(({ userId }) => userId);
  return {
    frame: systemFrame(conversationId, system, atMs),
    position: { conversationId, seq: system.seq, atMs },
    userIds: leavers.length === 0 ? members : [...members, ...leavers],
  };
}

/** For the sender's other devices alone. It has no position: no cursor moves past it. */
function withheldRoutable(outcome: Withheld, userIds: readonly string[]): Routable {
  const { encrypted_body, mls, sender_id, sender_device_id } = outcome.sent;
  const body = mls === null || isReadable(mls, sender_id) ? encrypted_body : noBytes;
  return { frame: messageFrame(outcome, body), position: null, userIds, exceptDeviceId: sender_device_id };
}

/** Null for events that nobody waits for. */
function verdictOf(one: Decided, late: ReadonlyMap<Decided, Verdict>): { sent: MessageSent; verdict: Verdict } | null {
  const outcome: Outcome = one.outcome;
  switch (outcome.kind) {
    case 'accepted':
    case 'withheld':
      return { sent: outcome.sent, verdict: outcome };
    case 'duplicate':
      return { sent: outcome.sent, verdict: { ...outcome, atMs: outcome.firstAtMs } };
    case 'refused':
      return { sent: outcome.sent, verdict: late.get(one) ?? { refused: outcome.code } };
    default:
      return null;
  }
}

export function buildFrames(decided: readonly Decided[], late: ReadonlyMap<Decided, Verdict>): Frames {
  const routables: Routable[] = [];
  const messages: RoutedMessage[] = [];
  const lists = new Map<ReadonlyMap<string, Member>, readonly string[]>();
  const senders = new Map<string, readonly string[]>();
  const membersOf = ({ state }: Decided) => listIn(lists, state.members, () => [...state.members.keys()]);
  for (const one of decided) {
    if (one.outcome.kind === 'directory_changed') {
      const routable = systemRoutable(one, one.outcome, membersOf(one));
      if (routable !== null) routables.push(routable);
      continue;
    }
    const answer = verdictOf(one, late);
    if (answer === null) continue;
    const { sent, verdict } = answer;
    const { outcome, conversationId } = one;
    const frame = verdictFrame(sent, verdict);
    if (outcome.kind !== 'accepted') {
      const userIds = listIn(senders, sent.sender_id, () => [sent.sender_id]);
      routables.push({ frame, position: null, userIds, onlyDeviceId: sent.sender_device_id });
      if (outcome.kind === 'withheld' && one.isGone !== true) routables.push(withheldRoutable(outcome, userIds));
      continue;
    }
    const members = membersOf(one);
    routables.push({ frame, position: null, userIds: members, onlyDeviceId: sent.sender_device_id });
    if (one.isGone === true) continue; // It has its place, and nobody is shown it.
    for (const { userIds, body } of audiencesOf(sent, members)) {
      messages.push({ conversationId, accepted: outcome, members: userIds, routable: routables.length });
      routables.push({
        frame: messageFrame(outcome, body),
        position: { conversationId, seq: outcome.seq, atMs: outcome.atMs },
        userIds,
        exceptDeviceId: sent.sender_device_id,
      });
    }
  }
  return { routables, messages };
}

function listIn<K>(lists: Map<K, readonly string[]>, key: K, make: () => readonly string[]): readonly string[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = make();
    lists.set(key, list);
  }
  return list;
}
