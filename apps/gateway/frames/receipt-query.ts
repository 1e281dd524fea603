/**
 * `receipt_query`: up to where every member has received and read, and when each reached one message.
 *
 * Watermarks are one partition per member, so members are read in small groups. What lies outside a member's intervals is
 * not told, nor what lies beyond what the asker may see (design rule 18); the asker's own intervals are read again after
 * the receipts (design rule 9). What came before a member joined is not theirs to receive: they stand in no answer about such a
 * message, and say from where on they count. What somebody has read who sends no read receipts is told to nobody, and to them
 * nothing of what others have.
 */

import {
  type ConversationView,
  isCurrentMember,
  type MemberStore,
  type MembershipInterval,
  maySee,
} from '@parley/projections/members/store';
import type { ReceiptStore } from '@parley/projections/receipts/store';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { MemberReceipt, ReceiptQueryFrame } from '@parley/schemas/generated/wire';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { Connection } from '../connection.ts';
import type { ReadPrivacy } from '../lookups/read-privacy.ts';

export interface ReceiptQueryDependencies {
  readonly members: MemberStore;
  readonly receipts: ReceiptStore;
  readonly privacy: ReadPrivacy;
}

type Intervals = readonly MembershipInterval[];

const membersAtOnce = 32;

export class ReceiptQueries {
  readonly #members: MemberStore;
  readonly #receipts: ReceiptStore;
  readonly #privacy: ReadPrivacy;

  constructor({ members, receipts, privacy }: ReceiptQueryDependencies) {
    this.#members = members;
    this.#receipts = receipts;
    this.#privacy = privacy;
  }

  async answer(connection: Connection, frame: ReceiptQueryFrame): Promise<void> {
    const { conversation_id: conversationId, seq } = frame;
    if (!isUuid(conversationId)) throw new ParleyError('invalid_request', { detail: 'conversation_id' });
    if (seq < 0) throw new ParleyError('invalid_request', { detail: 'seq' });
    const view = await this.#view(conversationId, connection.userId, seq);
    const asked = [...view.intervals].filter(([, own]) => (seq > 0 ? maySee(own, seq) : isCurrentMember(own)));
    const found: MemberReceipt[] = [];
    for (let start = 0; start < asked.length; start += membersAtOnce) {
      const group = asked.slice(start, start + membersAtOnce);
      found.push(...(await Promise.all(group.map(([userId, own]) => this.#member(conversationId, userId, own, seq)))));
    }
    const hidden = await this.#hiddenFrom(connection.userId, found);
    const own = await this.#members.intervalsOf(conversationId, connection.userId);
    authorise(own, seq);
    const bound = lastVisible(own);
    connection.send('receipt_list', {
      request_id: frame.request_id,
      conversation_id: conversationId,
      members: found.map((member) => ({
        ...member,
        delivered_seq: Math.min(member.delivered_seq, bound),
        read_seq: hidden.has(member.user_id) ? 0 : Math.min(member.read_seq, bound),
        read_at_ms: hidden.has(member.user_id) ? null : member.read_at_ms,
      })),
    });
  }

  /** Whose reading the asker is not told of. */
  async #hiddenFrom(askerId: string, found: readonly MemberReceipt[]): Promise<ReadonlySet<string>> {
    const userIds = found.map(({ user_id: userId }) => userId);
    const sends = await this.#privacy.allSendReceipts([askerId, ...userIds]);
    const hidden = userIds.filter((_, index) => sends[0] === false || sends[index + 1] === false);
    return new Set(hidden.filter((userId) => userId !== askerId));
  }

  async #view(conversationId: string, userId: string, seq: number): Promise<ConversationView> {
    const view = await this.#members.view(conversationId);
    if (view === null) throw new ParleyError('not_found');
    authorise(view.intervals.get(userId), seq);
    return view;
  }

  async #member(conversationId: string, userId: string, own: Intervals, seq: number): Promise<MemberReceipt> {
    const stored = await this.#receipts.watermarks(conversationId, userId);
    const highest = (wanted: ReceiptKind): number => {
      let most = 0;
      for (const one of stored) if (one.kind === wanted) most = Math.max(most, one.seq);
      return within(own, most);
    };
    const [deliveredSeq, readSeq] = [highest('delivered'), highest('read')];
    const reached = (kind: ReceiptKind, watermark: number): Promise<number | null> | null =>
      seq > 0 && watermark >= seq && maySee(own, seq)
        ? this.#receipts.reachedAt(conversationId, userId, kind, seq)
        : null;
    const [deliveredAtMs, readAtMs] = await Promise.all([reached('delivered', deliveredSeq), reached('read', readSeq)]);
    return {
      user_id: userId,
      delivered_seq: deliveredSeq,
      read_seq: readSeq,
      delivered_at_ms: deliveredAtMs,
      read_at_ms: readAtMs,
      joined_seq: joinedSeqOf(own, seq),
    };
  }
}

/** @throws ParleyError `not_found` unless the asker may see the message, or, without one, is a member now */
function authorise(own: Intervals | undefined, seq: number): void {
  if (!(seq === 0 ? isCurrentMember(own) : maySee(own, seq))) throw new ParleyError('not_found');
}

/** Where the interval begins that holds seq; of a member who does not say of which message, the one that is open. */
function joinedSeqOf(own: Intervals, seq: number): number {
  const holds = ({ joinedSeq, leftSeq }: MembershipInterval): boolean =>
    seq === 0 ? leftSeq === null : joinedSeq <= seq && (leftSeq === null || seq < leftSeq);
  return own.find(holds)?.joinedSeq ?? 0;
}

/** The last seq that somebody with these intervals may see. */
function lastVisible(own: Intervals): number {
  let last = 0;
  for (const { leftSeq } of own) last = Math.max(last, leftSeq === null ? Number.POSITIVE_INFINITY : leftSeq - 1);
  return last;
}

/** A watermark cut to the member's intervals: 0 if it lies before the first. */
function within(own: Intervals, watermark: number): number {
  let seen = 0;
  for (const { joinedSeq, leftSeq } of own) {
    if (watermark >= joinedSeq) seen = Math.max(seen, leftSeq === null ? watermark : Math.min(watermark, leftSeq - 1));
  }
  return seen;
}
