/** Message rows in CQL: a partition per (sub-)bucket, rows in order of message id, each written once with its own timestamp. */

import type { Clock } from '@parley/schemas/environment/clock';
import type { MessageType } from '@parley/schemas/generated/events';
import { isMessageId } from '@parley/schemas/identity/message-id';
import { bucketOfMessageId } from '@parley/streams/conversation/buckets';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';
import type { types } from 'cassandra-driver';
import type { CqlSession, CqlStatement } from '../cql/connection.ts';
import { PartitionWrites } from '../cql/partition-writes.ts';
import { ttlSeconds } from '../cql/ttl.ts';
import { fromUuid, orUnset, toMsOrNull, toNumber, toTextOrNull, toUuid } from '../cql/values.ts';
import type { StoreWrites } from '../store-writes.ts';
import { mlsOfText, mlsText } from './mls-text.ts';
import { type BucketScan, isOver, type MessageStore } from './store.ts';
import { systemOfText, systemText } from './system-text.ts';

const columns = `conversation_id, bucket, sub_bucket, message_id, seq, ordinal, sender_id, sender_device_id, message_type,
  encrypted_body, preview, media_url, thumbnail_url, reply_to, target_id, created_at, payload_hash, system_change,
  mls_header, expires_at`;
const values = columns.replaceAll(/\w+/g, '?');
const selected = `${columns}, WRITETIME(seq) AS write_timestamp`;
const ofPartition = 'conversation_id = ? AND bucket = ? AND sub_bucket = ?';

/** The conditions on seq are applied by the server within the range of one partition, which is what ALLOW FILTERING is meant for. */
const select = (range: string, order: 'ASC' | 'DESC'): string =>
  `SELECT ${selected} FROM messages WHERE ${ofPartition} AND message_id >= ? AND message_id <= ?${range}
   ORDER BY message_id ${order} LIMIT ?${range === '' ? '' : ' ALLOW FILTERING'}`;

export const messageStatements = {
  insert: `INSERT INTO messages (${columns}) VALUES (${values}) USING TIMESTAMP ?`,
  insertExpiring: `INSERT INTO messages (${columns}) VALUES (${values}) USING TIMESTAMP ? AND TTL ?`,
  find: `SELECT ${selected} FROM messages WHERE ${ofPartition} AND message_id = ?`,
} as const;

/** The TTL is what is left of its time: written again later, by whomever, it disappears at the same moment (design rule 23). */
function insert(row: MessageRow, nowMs: number): CqlStatement {
  const isExpiring = row.expiresAtMs !== null;
  return {
    query: isExpiring ? messageStatements.insertExpiring : messageStatements.insert,
    params: [
      toUuid(row.conversationId),
      row.bucket,
      row.subBucket,
      row.messageId,
      row.seq,
      row.ordinal,
      toUuid(row.senderId),
      toUuid(row.senderDeviceId),
      row.messageType,
      row.encryptedBody,
      orUnset(row.preview),
      orUnset(row.mediaUrl),
      orUnset(row.thumbnailUrl),
      orUnset(row.replyTo),
      orUnset(row.targetId),
      row.atMs,
      row.payloadHash,
      orUnset(row.system === null ? null : systemText(row.system)),
      orUnset(row.mls === null ? null : mlsText(row.mls)),
      orUnset(row.expiresAtMs),
      row.writeTimestampUs,
      ...(isExpiring ? [ttlSeconds(row.expiresAtMs, nowMs)] : []),
    ],
  };
}

/** About what a row takes besides its body. */
const rowBytes = 512;

function fromRow(row: types.Row): MessageRow {
  const system = toTextOrNull(row['system_change']);
  const mls = toTextOrNull(row['mls_header']);
  return {
    conversationId: fromUuid(row['conversation_id']),
    bucket: row['bucket'] as number,
    subBucket: row['sub_bucket'] as number,
    messageId: row['message_id'] as string,
    seq: toNumber(row['seq']),
    ordinal: toNumber(row['ordinal']),
    senderId: fromUuid(row['sender_id']),
    senderDeviceId: fromUuid(row['sender_device_id']),
    messageType: row['message_type'] as MessageType,
    encryptedBody: row['encrypted_body'] as Buffer,
    preview: toTextOrNull(row['preview']),
    mediaUrl: toTextOrNull(row['media_url']),
    thumbnailUrl: toTextOrNull(row['thumbnail_url']),
    replyTo: toTextOrNull(row['reply_to']),
    targetId: toTextOrNull(row['target_id']),
    system: system === null ? null : systemOfText(system),
    mls: mls === null ? null : mlsOfText(mls),
    expiresAtMs: toMsOrNull(row['expires_at']),
    atMs: toMsOrNull(row['created_at']) ?? 0,
    payloadHash: row['payload_hash'] as Buffer,
    writeTimestampUs: toNumber(row['write_timestamp']),
  };
}

export class CqlMessageStore implements MessageStore {
  readonly #session: CqlSession;
  readonly #writes: StoreWrites;
  readonly #clock: Clock;

  constructor(session: CqlSession, writes: StoreWrites, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    this.#writes = writes;
  }

  async write(rows: readonly MessageRow[]): Promise<void> {
    const writes = new PartitionWrites();
    const nowMs = this.#clock.nowMs();
    for (const row of rows) {
      if (isOver(row, nowMs)) continue;
      const partition = `${row.conversationId}/${row.bucket}/${row.subBucket}`;
      writes.add(partition, [insert(row, nowMs)], rowBytes + row.encryptedBody.length);
    }
    this.#writes.add('messages', writes.mutations);
    await writes.send(this.#session);
  }

  async scan(scan: BucketScan): Promise<readonly MessageRow[]> {
    const conditions: string[] = [];
    const params: unknown[] = [];
    if (scan.seqAbove !== undefined) {
      conditions.push(' AND seq > ?');
      params.push(scan.seqAbove);
    }
    if (scan.seqBelow !== undefined) {
      conditions.push(' AND seq < ?');
      params.push(scan.seqBelow);
    }
    const query = select(conditions.join(''), scan.order === 'ascending' ? 'ASC' : 'DESC');
    const { bucket, subBucket } = scan.bucket;
    const partition = [toUuid(scan.conversationId), bucket, subBucket];
    const range = [scan.fromMessageId, scan.toMessageId, ...params, scan.limit];
    const rows = await this.#session.read({ query, params: [...partition, ...range] }, scan.limit);
    return rows.map(fromRow);
  }

  async find(conversationId: string, messageId: string, buckets: readonly BucketRef[]): Promise<MessageRow | null> {
    if (!isMessageId(messageId)) return null;
    const bucketOfId = bucketOfMessageId(messageId);
    for (const { bucket, subBucket } of buckets.toReversed()) {
      if (bucket !== bucketOfId) continue;
      const params = [toUuid(conversationId), bucket, subBucket, messageId];
      const [row] = await this.#session.read({ query: messageStatements.find, params }, 1);
      const found = row === undefined ? null : fromRow(row);
      if (found !== null && !isOver(found, this.#clock.nowMs())) return found;
    }
    return null;
  }
}
