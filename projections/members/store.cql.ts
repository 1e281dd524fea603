/**
 * Membership in CQL: one partition per conversation, its type and buckets as static columns beside the intervals, so that a view is
 * one read. An open interval has left_seq 0 rather than null, which would be a tombstone per member.
 */
import type { MemberRole } from '@parley/schemas/generated/events';
import type { ConversationType } from '@parley/schemas/generated/state';
import type { ConversationRow, MemberRow } from '@parley/streams/conversation/rows';
import { types } from 'cassandra-driver';
import type { CqlSession, CqlStatement } from '../cql/connection.ts';
import { PartitionWrites } from '../cql/partition-writes.ts';
import { fromUuid, toNumber, toUuid } from '../cql/values.ts';
import type { StoreWrites } from '../store-writes.ts';
import type { ConversationView, MemberStore, MembershipInterval } from './store.ts';

const stillMember = 0;
/** As many as there are: members and their comings and goings, which the directory limits. */
const maxRows = Number.POSITIVE_INFINITY;
const rowBytes = 128;
const bucketBytes = 32;

export const memberStatements = {
  member: `INSERT INTO members (conversation_id, user_id, joined_seq, left_seq, role)
    VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  conversation: `UPDATE members USING TIMESTAMP ? SET conversation_type = ?, buckets = ? WHERE conversation_id = ?`,
  view: `SELECT conversation_type, buckets, user_id, joined_seq, left_seq, role FROM members WHERE conversation_id = ?`,
  intervals: `SELECT joined_seq, left_seq, role FROM members WHERE conversation_id = ? AND user_id = ?`,
} as const;

function memberStatement(row: MemberRow): CqlStatement {
  const { joinedSeq, leftSeq, role, writeTimestampUs } = row;
  const key = [toUuid(row.conversationId), toUuid(row.userId)];
  return {
    query: memberStatements.member,
    params: [...key, joinedSeq, leftSeq ?? stillMember, role, writeTimestampUs],
  };
}

function conversationStatement(row: ConversationRow): CqlStatement {
  const buckets = row.buckets.map(({ bucket, subBucket, rows }) => new types.Tuple(bucket, subBucket, rows));
  return {
    query: memberStatements.conversation,
    params: [row.writeTimestampUs, row.conversationType, buckets, toUuid(row.conversationId)],
  };
}

function interval(row: types.Row): MembershipInterval {
  const leftSeq = toNumber(row['left_seq']);
  return {
    joinedSeq: toNumber(row['joined_seq']),
    leftSeq: leftSeq === stillMember ? null : leftSeq,
    role: row['role'] as MemberRole,
  };
}

function bucketsOf(row: types.Row): ConversationView['buckets'] {
  const tuples = (row['buckets'] ?? []) as types.Tuple[];
  return tuples.map((tuple) => {
    const [bucket, subBucket, rows] = tuple.values() as [number, number, number];
    return { bucket, subBucket, rows };
  });
}

export class CqlMemberStore implements MemberStore {
  readonly #session: CqlSession;
  readonly #writes: StoreWrites;

  constructor(session: CqlSession, writes: StoreWrites) {
    this.#session = session;
    this.#writes = writes;
  }

  /** The conversation's own columns come last: once it is there, so are the members of its creation. */
  async write(members: readonly MemberRow[], conversations: readonly ConversationRow[]): Promise<void> {
    const writes = new PartitionWrites();
    for (const row of members) writes.add(row.conversationId, [memberStatement(row)], rowBytes);
    for (const row of conversations) {
      writes.add(row.conversationId, [conversationStatement(row)], rowBytes + bucketBytes * row.buckets.length);
    }
    this.#writes.add('members', writes.mutations);
    await writes.send(this.#session);
  }

  async view(conversationId: string): Promise<ConversationView | null> {
    const params = [toUuid(conversationId)];
    const rows = await this.#session.read({ query: memberStatements.view, params }, maxRows);
    const [first] = rows;
    if (first === undefined || first['conversation_type'] === null) return null;
    const intervals = new Map<string, MembershipInterval[]>();
    for (const row of rows) {
      // A partition with static columns alone shows as one row without a key.
      if (row['user_id'] === null) continue;
      const userId = fromUuid(row['user_id']);
      const known = intervals.get(userId);
      if (known === undefined) intervals.set(userId, [interval(row)]);
      else known.push(interval(row));
    }
    const conversationType = first['conversation_type'] as ConversationType;
    return { conversationId, conversationType, buckets: bucketsOf(first), intervals };
  }

  async intervalsOf(conversationId: string, userId: string): Promise<readonly MembershipInterval[]> {
    const params = [toUuid(conversationId), toUuid(userId)];
    return (await this.#session.read({ query: memberStatements.intervals, params }, maxRows)).map(interval);
  }
}
