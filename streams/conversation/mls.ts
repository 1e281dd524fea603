/**
 * The order that MLS (RFC 9420) asks of a delivery service: of the commits for one epoch, one (design rule 22).
 *
 * A message of the key agreement carries a header in clear: what it is, the MLS group, the generation of the conversation's groups
 * and the epoch. The body stays opaque. The first commit for the current epoch is accepted and begins the next one; every other gets
 * `epoch_conflict`, so whoever reads the log applies the same commits in the same order. When a commit turns out to be one that
 * nobody can apply, no further epoch can be reached: members say so (`unusable`), and a new generation begins with a new MLS group
 * at epoch 0. In a group an admin opens it, by a directory event; in a 1:1 conversation the first commit of the next generation does.
 *
 * Membership is the directory's, keys are the clients': that the two agree is seen by seq. A commit says up to which seq its device
 * had applied the conversation. One that was made without knowing of the last joining or leaving gets `membership_stale`; and from
 * such a change to the next commit the conversation is pending (`isPending`).
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { MessageSent, MlsHeader } from '@parley/schemas/generated/events';
import type { ConversationState } from './state.ts';

export interface MlsState {
  /** Of the conversation's MLS groups: 0 for the first, one more whenever a new one takes its place. */
  readonly generation: number;
  /** The current one: what the next commit is for. 0 until the generation's first commit. */
  readonly epoch: number;
  /** Null until the generation's first commit. */
  readonly groupId: Buffer | null;
  /** Of the last change that a commit must know of: somebody joined or left, or the generation was opened. */
  readonly changedSeq: number;
  /** Of the last commit. */
  readonly commitSeq: number;
}

export const maxMlsGroupIdBytes = 255;

export const noMls: MlsState = { generation: 0, epoch: 0, groupId: null, changedSeq: 0, commitSeq: 0 };

/** The keys may not be those of the members: no commit has followed the last change. Never where MLS is not used. */
export function isPending({ generation, epoch, changedSeq, commitSeq }: MlsState): boolean {
  return (epoch > 0 || generation > 0) && changedSeq > commitSeq;
}

/** What can be said of a header by itself. */
export function isWellFormed({ kind, group_id, generation, epoch, after_seq, recipient_id }: MlsHeader): boolean {
  const { length } = group_id;
  if (length === 0 || length > maxMlsGroupIdBytes) return false;
  if (generation < 0 || epoch < 0 || after_seq < 0) return false;
  return (kind === 'welcome') === (recipient_id !== null);
}

function isCurrentGroup(mls: MlsState, { generation, group_id }: MlsHeader): boolean {
  return generation === mls.generation && (mls.groupId?.equals(group_id) ?? false);
}

/** Both users of a 1:1 conversation may begin anew; whose commit comes first has done it. */
function beginsGeneration({ mls, conversationType }: ConversationState, { generation, epoch }: MlsHeader): boolean {
  return conversationType === 'one_on_one' && epoch === 0 && mls.epoch > 0 && generation === mls.generation + 1;
}

function refusalOfCommit(state: ConversationState, header: MlsHeader): ErrorCode | null {
  const { mls, lastSeq } = state;
  if (header.after_seq > lastSeq) return 'mls_header_invalid';
  if (!beginsGeneration(state, header)) {
    if (header.generation !== mls.generation || header.epoch !== mls.epoch) return 'epoch_conflict';
    if (mls.groupId !== null && !mls.groupId.equals(header.group_id)) return 'epoch_conflict';
  }
  return header.after_seq < mls.changedSeq ? 'membership_stale' : null;
}

function refusalOfWelcome(state: ConversationState, header: MlsHeader): ErrorCode | null {
  const { mls, members } = state;
  if (!isCurrentGroup(mls, header) || header.epoch === 0 || header.epoch > mls.epoch) return 'epoch_conflict';
  return header.recipient_id !== null && members.has(header.recipient_id) ? null : 'recipient_not_a_member';
}

function refusalOfHeader(state: ConversationState, header: MlsHeader): ErrorCode | null {
  const { mls } = state;
  switch (header.kind) {
    case 'commit':
      return refusalOfCommit(state, header);
    case 'welcome':
      return refusalOfWelcome(state, header);
    case 'proposal':
      return isCurrentGroup(mls, header) && header.epoch === mls.epoch ? null : 'epoch_conflict';
    // Names the epoch that the commit was for: one that was accepted.
    case 'unusable':
      return isCurrentGroup(mls, header) && header.epoch < mls.epoch ? null : 'epoch_conflict';
  }
}

/** Null: the message may take its place. */
export function refusalOfMls(state: ConversationState, { message_type, mls: header }: MessageSent): ErrorCode | null {
  if ((message_type === 'mls') !== (header !== null)) return 'mls_header_invalid';
  if (header === null) return null;
  return isWellFormed(header) ? refusalOfHeader(state, header) : 'mls_header_invalid';
}

/** After a message with the header was accepted. */
export function afterMessage(mls: MlsState, header: MlsHeader | null, seq: number): MlsState {
  if (header === null || header.kind !== 'commit') return mls;
  const { generation, epoch, group_id } = header;
  // Not the record's own memory, nor a pool's: the state outlives both.
  const groupId = Buffer.alloc(group_id.length);
  groupId.set(group_id);
  return { generation, epoch: epoch + 1, groupId, changedSeq: mls.changedSeq, commitSeq: seq };
}

/** After somebody joined or left. */
export function afterMembership(mls: MlsState, seq: number): MlsState {
  return { ...mls, changedSeq: seq };
}

/** After an admin opened the next generation. */
export function afterOpening(mls: MlsState, seq: number): MlsState {
  return { ...mls, generation: mls.generation + 1, epoch: 0, groupId: null, changedSeq: seq };
}

/** A welcome is for one user's devices; the others see that it was said. */
export function isReadable(header: MlsHeader | null, userId: string): boolean {
  return header === null || header.recipient_id === null || header.recipient_id === userId;
}
