/** A conversation as the fold would have projected it, for tests of the reader: ids skewed against T, seqs without gaps. */
import { randomUUID } from 'node:crypto';
import type { MessageType } from '@parley/schemas/generated/events';
import { bucketOfMessageId, placeRow, withRow } from '@parley/streams/conversation/buckets';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';
import type { MembershipInterval } from '../members/store.ts';
import type { Projections } from '../projections.ts';
import { conversationRow, inboxRow, memberRow, messageIdAt, messageRow, noonMs } from '../rows.fixture.ts';

export interface Sent {
  /** T is so much later than the one before. */
  readonly afterMs: number;
  /** ULID time against T. */
  readonly skewMs: number;
}

export interface ConversationPlan {
  readonly sent: readonly Sent[];
  readonly intervals: readonly MembershipInterval[];
  /** Seqs that were accepted and have expired. */
  readonly expired?: ReadonlySet<number>;
  readonly maxRowsPerSubBucket?: number;
  readonly typeOf?: (seq: number) => MessageType;
}

export interface ProjectedConversation {
  readonly conversationId: string;
  readonly userId: string;
  /** Every row that was accepted, by seq: index 0 is seq 1. */
  readonly accepted: readonly MessageRow[];
  readonly stored: readonly MessageRow[];
  atMsOf(seq: number): number;
}

export async function projectConversation(
  projections: Pick<Projections, 'conversationProjector'>,
  plan: ConversationPlan,
): Promise<ProjectedConversation> {
  const [conversationId, userId] = [randomUUID(), randomUUID()];
  const maxRows = plan.maxRowsPerSubBucket ?? 100_000;
  let buckets: readonly BucketRef[] = [];
  let atMs = noonMs;
  const accepted = plan.sent.map(({ afterMs, skewMs }, index): MessageRow => {
    atMs += afterMs;
    const messageId = messageIdAt(atMs + skewMs);
    const place = placeRow(buckets, bucketOfMessageId(messageId), maxRows);
    buckets = withRow(buckets, place);
    const { bucket, subBucket } = place;
    const seq = index + 1;
    const messageType = plan.typeOf?.(seq) ?? 'text';
    return messageRow({ conversationId, messageId, bucket, subBucket, seq, ordinal: seq, atMs, messageType });
  });
  const stored = accepted.filter(({ seq }) => plan.expired?.has(seq) !== true);
  await projections.conversationProjector.project({
    members: plan.intervals.map((interval) => memberRow({ conversationId, userId, ...interval })),
    conversations: [conversationRow({ conversationId, buckets })],
    messages: stored,
    inbox: [inboxRow({ userId, conversationId, lastSeq: accepted.length, lastOrdinal: accepted.length })],
  });
  return { conversationId, userId, accepted, stored, atMsOf: (seq) => accepted[seq - 1]?.atMs ?? 0 };
}

export const memberSince = (joinedSeq: number, leftSeq: number | null = null): MembershipInterval => ({
  joinedSeq,
  leftSeq,
  role: 'member',
});
