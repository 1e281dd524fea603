/**
 * Membership in LMDB: one range per conversation, the conversation's own row first (its key is the bare id), then one row per
 * interval (user, joinedSeq). Last write wins by the row's write timestamp, whoever writes last.
 */
import type { ConversationRow, MemberRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';
import { conversationTypes, memberRoles } from '../lmdb/enum-bytes.ts';
import type { ProjectionEnv, RowDatabase } from '../lmdb/env.ts';
import { endOfPrefix, RowReader, RowWriter } from '../lmdb/row-bytes.ts';
import { uuidBytes } from '../lmdb/uuid-bytes.ts';
import type { StoreWrites } from '../store-writes.ts';
import type { ConversationView, MemberStore, MembershipInterval } from './store.ts';

/** Stands for an open interval. */
const stillMember = -1;

export function readBuckets(row: RowReader): BucketRef[] {
  const count = row.count();
  const buckets: BucketRef[] = [];
  for (let i = 0; i < count; i++) {
    buckets.push({ bucket: row.count(), subBucket: row.count(), rows: row.count() });
  }
  return buckets;
}

export function readInterval(key: Buffer, at: number, value: Buffer): MembershipInterval {
  const row = new RowReader(value, 8);
  const leftSeq = row.number();
  return {
    joinedSeq: new RowReader(key, at).ordered(),
    leftSeq: leftSeq === stillMember ? null : leftSeq,
    role: memberRoles.fromByte(row.byte()),
  };
}

export class LmdbMemberStore implements MemberStore {
  readonly #env: ProjectionEnv;
  readonly #rows: RowDatabase;
  readonly #writes: StoreWrites;
  readonly #key = new RowWriter();
  readonly #value = new RowWriter();

  constructor(env: ProjectionEnv, writes: StoreWrites) {
    this.#env = env;
    this.#rows = env.database('members');
    this.#writes = writes;
  }

  write(members: readonly MemberRow[], conversations: readonly ConversationRow[]): Promise<void> {
    return this.#env.write(() => this.apply(members, conversations));
  }

  /** The write itself, for a transaction that is open. */
  apply(members: readonly MemberRow[], conversations: readonly ConversationRow[]): void {
    for (const row of members) {
      const key = this.#key.start().uuid(row.conversationId).uuid(row.userId).ordered(row.joinedSeq).bytes();
      const value = this.#value
        .start()
        .number(row.writeTimestampUs)
        .number(row.leftSeq ?? stillMember)
        .byte(memberRoles.toByte(row.role));
      this.#putIfNewer(key, value.bytes(), row.writeTimestampUs);
    }
    for (const row of conversations) {
      const key = this.#key.start().uuid(row.conversationId).bytes();
      const value = this.#value
        .start()
        .number(row.writeTimestampUs)
        .byte(conversationTypes.toByte(row.conversationType))
        .count(row.buckets.length);
      for (const { bucket, subBucket, rows } of row.buckets) value.count(bucket).count(subBucket).count(rows);
      this.#putIfNewer(key, value.bytes(), row.writeTimestampUs);
    }
    this.#writes.add('members', members.length + conversations.length);
  }

  #putIfNewer(key: Buffer, value: Buffer, writeTimestampUs: number): void {
    const stored = this.#rows.getBinaryFast(key);
    if (stored === undefined || stored.readDoubleBE(0) < writeTimestampUs) this.#rows.putSync(key, value);
  }

  async view(conversationId: string): Promise<ConversationView | null> {
    const start = new RowWriter().uuid(conversationId).copy();
    const intervals = new Map<string, MembershipInterval[]>();
    let conversation: RowReader | null = null;
    for (const { key, value } of this.#rows.getRange({ start, end: endOfPrefix(start) })) {
      if (key.length === uuidBytes) {
        conversation = new RowReader(value, 8);
        continue;
      }
      const userId = new RowReader(key, uuidBytes).uuid();
      const interval = readInterval(key, 2 * uuidBytes, value);
      const known = intervals.get(userId);
      if (known === undefined) intervals.set(userId, [interval]);
      else known.push(interval);
    }
    if (conversation === null) return null;
    const conversationType = conversationTypes.fromByte(conversation.byte());
    return { conversationId, conversationType, buckets: readBuckets(conversation), intervals };
  }

  async intervalsOf(conversationId: string, userId: string): Promise<readonly MembershipInterval[]> {
    const start = new RowWriter().uuid(conversationId).uuid(userId).copy();
    const intervals: MembershipInterval[] = [];
    for (const { key, value } of this.#rows.getRange({ start, end: endOfPrefix(start) })) {
      intervals.push(readInterval(key, 2 * uuidBytes, value));
    }
    return intervals;
  }
}
