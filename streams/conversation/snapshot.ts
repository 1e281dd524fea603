/**
 * The state of a conversation as bytes, and back: a cache of the log, never its source.
 *
 * Canonical: equal states give equal bytes, whatever way they came about, and bytes that were decoded encode to the same bytes.
 * Members are in order of user id, ids in the order in which they were decided. The first field is the version of the layout: a
 * snapshot of another version is not read but folded again from the log.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import {
  type ConversationSnapshot,
  type MlsSnapshot,
  type SnapshotWithheld,
  stateSchemas,
} from '@parley/schemas/generated/state';
import avro from 'avsc';
import type { MlsState } from './mls.ts';
import { decisionsOf } from './recent-decisions.ts';
import { maxLongBytes, writeLong } from './recent-encoding.ts';
import type { BucketRef, ConversationState, Member } from './state.ts';

/** To be raised whenever the layout, or what the fold does with equal events, changes. */
export const stateVersion = 4;

const snapshotType = avro.Type.forSchema(stateSchemas.conversation_snapshot as unknown as avro.Schema);
const versionType = avro.Type.forSchema('int');

function mlsSnapshotOf({ generation, epoch, groupId, changedSeq, commitSeq }: MlsState): MlsSnapshot {
  return { generation, epoch, group_id: groupId, changed_seq: changedSeq, commit_seq: commitSeq };
}

function mlsOf({ generation, epoch, group_id, changed_seq, commit_seq }: MlsSnapshot): MlsState {
  return { generation, epoch, groupId: group_id, changedSeq: changed_seq, commitSeq: commit_seq };
}

function withheldOf({ withheld }: ConversationState): SnapshotWithheld[] {
  return [...withheld.keys()]
    .sort()
    .flatMap((user_id) =>
      withheld.get(user_id)!.map(({ bucket, subBucket, rows }) => ({ user_id, bucket, sub_bucket: subBucket, rows })),
    );
}

function bucketsBySender(entries: readonly SnapshotWithheld[]): ReadonlyMap<string, readonly BucketRef[]> {
  const bySender = new Map<string, BucketRef[]>();
  for (const { user_id, bucket, sub_bucket, rows } of entries) {
    const buckets = bySender.get(user_id) ?? [];
    bySender.set(user_id, buckets);
    buckets.push({ bucket, subBucket: sub_bucket, rows });
  }
  return bySender;
}

/** Without the remembered ids, which are encoded already. */
function snapshotOf(state: ConversationState): ConversationSnapshot {
  const members = [...state.members].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    state_version: stateVersion,
    conversation_id: state.conversationId,
    conversation_type: state.conversationType,
    last_at_ms: state.lastAtMs,
    last_seq: state.lastSeq,
    last_ordinal: state.lastOrdinal,
    write_timestamp_us: state.writeTimestampUs,
    directory_version: state.directoryVersion,
    who_may_send: state.whoMaySend,
    timer_seconds: state.timerSeconds,
    mls: mlsSnapshotOf(state.mls),
    members: members.map(([user_id, { role, joinedSeq }]) => ({
      user_id,
      role,
      joined_seq: joinedSeq,
      left_seq: null,
    })),
    buckets: state.buckets.map(({ bucket, subBucket, rows }) => ({ bucket, sub_bucket: subBucket, rows })),
    blockers: [...state.blockers].sort(),
    withheld: withheldOf(state),
    recent: [],
  };
}

/** `recent` is the last field: an array without entries is the one byte that ends it, so that the entries go before that byte. */
export function encodeSnapshot(state: ConversationState): Buffer {
  const bytes = snapshotType.toBuffer(snapshotOf(state));
  const { recent } = state;
  if (recent.size === 0) return bytes;
  const count = Buffer.allocUnsafe(maxLongBytes);
  const countBytes = writeLong(count, 0, recent.size);
  const arrayEnd = bytes.length - 1;
  return Buffer.concat([
    bytes.subarray(0, arrayEnd),
    count.subarray(0, countBytes),
    ...recent.encoded(),
    bytes.subarray(arrayEnd),
  ]);
}

/** Null: the snapshot has another version. @throws Error if bytes of this version are damaged: they were not written by us */
export function decodeSnapshot(bytes: Buffer): ConversationState | null {
  const version: { value: number | undefined } = versionType.decode(bytes, 0);
  if (version.value !== stateVersion) return null;
  const snapshot = snapshotType.fromBuffer(bytes) as ConversationSnapshot;
  const members = new Map<string, Member>();
  for (const { user_id, role, joined_seq } of snapshot.members) members.set(user_id, { role, joinedSeq: joined_seq });
  return {
    conversationId: snapshot.conversation_id,
    conversationType: snapshot.conversation_type,
    lastAtMs: snapshot.last_at_ms,
    lastSeq: snapshot.last_seq,
    lastOrdinal: snapshot.last_ordinal,
    writeTimestampUs: snapshot.write_timestamp_us,
    directoryVersion: snapshot.directory_version,
    members,
    whoMaySend: snapshot.who_may_send,
    timerSeconds: snapshot.timer_seconds,
    mls: mlsOf(snapshot.mls),
    blockers: new Set(snapshot.blockers),
    withheld: bucketsBySender(snapshot.withheld),
    buckets: snapshot.buckets.map(({ bucket, sub_bucket, rows }) => ({ bucket, subBucket: sub_bucket, rows })),
    recent: decisionsOf(
      snapshot.recent.map(({ message_id, at_ms, seq, ordinal, refused, payload_hash }) => ({
        messageId: message_id,
        atMs: at_ms,
        seq,
        ordinal,
        // Codes are never taken out of the catalogue.
        refused: refused as ErrorCode | null,
        payloadHash: payload_hash,
      })),
    ),
  };
}
