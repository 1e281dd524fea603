/**
 * Who was in a conversation as of a message, or of a time: the intervals that hold the seq.
 *
 * The last message of a time is looked for backwards from 30 s after it in ULID time, as far as one with a greater seq may stand.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { maxMessageIdTimeMs } from '@parley/schemas/identity/message-id';
import type { MessageRow } from '@parley/streams/conversation/rows';
import { type ConversationView, isCurrentMember, type MembershipInterval, maySee } from '../members/store.ts';
import { BucketWalk } from './bucket-walk.ts';
import type { HistoryStores } from './reader.ts';
import { idSkewMs } from './skew.ts';

export interface MembersQuery {
  readonly conversationId: string;
  /** 0: as of `atMs`. */
  readonly atSeq: number;
  /** 0: now. */
  readonly atMs: number;
}

export interface ThenMember extends MembershipInterval {
  readonly userId: string;
}

export interface MembersThen {
  readonly conversationId: string;
  readonly atSeq: number;
  readonly members: readonly ThenMember[];
}

const rowsAtOnce = 64;
const budgetRows = 10_000;

/** @throws ParleyError `not_found` to one who was no member then, or is none now */
export async function membersThen(
  { inbox, members, messages }: HistoryStores,
  userId: string,
  { conversationId, atSeq: askedSeq, atMs }: MembersQuery,
): Promise<MembersThen> {
  const isNow = askedSeq === 0 && atMs === 0;
  const lastSeq = (await inbox.get(userId, conversationId))?.lastSeq ?? 0;
  let atSeq = isNow ? lastSeq : askedSeq;
  if (!isNow && askedSeq === 0) {
    const view = await members.view(conversationId);
    if (view === null) throw new ParleyError('not_found');
    atSeq = await lastSeqAt(messages, view, lastSeq, atMs);
  }
  // Read last: who was removed meanwhile is told nothing of what came after (design rule 9).
  const view = await members.view(conversationId);
  const own = view?.intervals.get(userId);
  const mayAsk = isNow ? isCurrentMember(own) : atSeq <= lastSeq && maySee(own, atSeq);
  if (view === null || !mayAsk) throw new ParleyError('not_found');
  const holds = ({ joinedSeq, leftSeq }: MembershipInterval): boolean =>
    isNow ? leftSeq === null : joinedSeq <= atSeq && (leftSeq === null || atSeq < leftSeq);
  // What came after the asker left is not theirs to know either.
  const boundSeq = isNow
    ? Number.POSITIVE_INFINITY
    : Math.max(...own!.map(({ leftSeq }) => leftSeq ?? Number.POSITIVE_INFINITY));
  const found: ThenMember[] = [];
  for (const [memberId, intervals] of view.intervals) {
    const one = intervals.find(holds);
    if (one === undefined) continue;
    const leftSeq = one.leftSeq !== null && one.leftSeq > boundSeq ? null : one.leftSeq;
    found.push({ userId: memberId, ...one, leftSeq });
  }
  return { conversationId, atSeq, members: found };
}

/** The highest seq with a T at or before the time; 0 if there is none. */
async function lastSeqAt(
  messages: HistoryStores['messages'],
  { conversationId, buckets }: ConversationView,
  lastSeq: number,
  atMs: number,
): Promise<number> {
  const walk = new BucketWalk({
    ...{ messages, conversationId, buckets, direction: 'descending', beyondSeq: lastSeq + 1 },
    startMs: Math.min(atMs + idSkewMs, maxMessageIdTimeMs),
  });
  let best: MessageRow | null = null;
  for (let read = 0; read < budgetRows && !walk.exhausted; read += rowsAtOnce) {
    for (const row of await walk.read(rowsAtOnce)) {
      if (row.atMs <= atMs && row.seq > (best?.seq ?? 0)) best = row;
    }
    if (best !== null && walk.frontierMs < best.atMs - idSkewMs) break;
  }
  return best?.seq ?? 0;
}
