/**
 * Message rows in LMDB: key conversation, bucket, sub-bucket, message id, so that a (sub-)bucket is one range in order of id.
 *
 * A row is written once, so the usual write is a single descent of the tree (`noOverwrite`); only where there is a row already are
 * the write timestamps compared, and the greater stays.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { MessageType, MlsHeader } from '@parley/schemas/generated/events';
import type { SystemChange } from '@parley/schemas/generated/wire';
import { isMessageId, messageIdLength } from '@parley/schemas/identity/message-id';
import { bucketOfMessageId } from '@parley/streams/conversation/buckets';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';
import { messageTypes } from '../lmdb/enum-bytes.ts';
import { type ProjectionEnv, putIfAbsent, type RowDatabase } from '../lmdb/env.ts';
import { Expiries } from '../lmdb/expiries.ts';
import { RowReader, RowWriter } from '../lmdb/row-bytes.ts';
import type { StoreWrites } from '../store-writes.ts';
import { mlsOfText, mlsText } from './mls-text.ts';
import { type BucketScan, isOver, type MessageStore } from './store.ts';
import { systemOfText, systemText } from './system-text.ts';

const writeTimestampAt = 0;
const seqAt = 8;

function writeKey(
  key: RowWriter,
  conversationId: string,
  bucket: number,
  subBucket: number,
  messageId: string,
): Buffer {
  return key.start().uuid(conversationId).count(bucket).count(subBucket).ascii(messageId).bytes();
}

/** What only a system message, or one of the key agreement, has comes last, and is not there in the others. */
function writeValue(value: RowWriter, row: MessageRow): Buffer {
  value
    .start()
    .number(row.writeTimestampUs)
    .number(row.seq)
    .number(row.ordinal)
    .number(row.atMs)
    .byte(messageTypes.toByte(row.messageType))
    .uuid(row.senderId)
    .uuid(row.senderDeviceId)
    .blob(row.payloadHash)
    .blob(row.encryptedBody)
    .text(row.preview)
    .text(row.mediaUrl)
    .text(row.thumbnailUrl)
    .text(row.replyTo)
    .text(row.targetId);
  if (row.system !== null) value.text(systemText(row.system));
  if (row.messageType === 'mls') value.text(row.mls === null ? null : mlsText(row.mls));
  if (row.expiresAtMs !== null) value.number(row.expiresAtMs);
  return value.bytes();
}

function readSystem(messageType: MessageType, row: RowReader): SystemChange | null {
  const text = messageType === 'system' ? row.text() : null;
  return text === null ? null : systemOfText(text);
}

function readMls(messageType: MessageType, row: RowReader): MlsHeader | null {
  const text = messageType === 'mls' ? row.text() : null;
  return text === null ? null : mlsOfText(text);
}

export function readMessageRow(key: Buffer, value: Buffer): MessageRow {
  const keys = new RowReader(key);
  const row = new RowReader(value);
  const message = {
    conversationId: keys.uuid(),
    bucket: keys.count(),
    subBucket: keys.count(),
    messageId: keys.ascii(messageIdLength),
    writeTimestampUs: row.number(),
    seq: row.number(),
    ordinal: row.number(),
    atMs: row.number(),
    messageType: messageTypes.fromByte(row.byte()),
    senderId: row.uuid(),
    senderDeviceId: row.uuid(),
    payloadHash: row.blob(),
    encryptedBody: row.blob(),
    preview: row.text(),
    mediaUrl: row.text(),
    thumbnailUrl: row.text(),
    replyTo: row.text(),
    targetId: row.text(),
  };
  return {
    ...message,
    system: readSystem(message.messageType, row),
    mls: readMls(message.messageType, row),
    expiresAtMs: row.isAtEnd ? null : row.number(),
  };
}

export class LmdbMessageStore implements MessageStore {
  readonly #env: ProjectionEnv;
  readonly #rows: RowDatabase;
  readonly #writes: StoreWrites;
  readonly #clock: Clock;
  readonly #expiries: Expiries;
  readonly #key = new RowWriter();
  readonly #value = new RowWriter();

  constructor(env: ProjectionEnv, writes: StoreWrites, clock: Clock) {
    this.#env = env;
    this.#clock = clock;
    this.#expiries = new Expiries(env.database('expiries'));
    this.#rows = env.database('messages');
    this.#writes = writes;
  }

  write(rows: readonly MessageRow[]): Promise<void> {
    return this.#env.write(() => this.apply(rows));
  }

  /** The write itself, for a transaction that is open. */
  apply(rows: readonly MessageRow[]): void {
    const nowMs = this.#clock.nowMs();
    for (const row of rows) {
      if (isOver(row, nowMs)) continue;
      const key = writeKey(this.#key, row.conversationId, row.bucket, row.subBucket, row.messageId);
      const value = writeValue(this.#value, row);
      if (row.expiresAtMs !== null) this.#expiries.add(row.expiresAtMs, 'message', key);
      if (putIfAbsent(this.#rows, key, value)) continue;
      const stored = this.#rows.getBinaryFast(key)!.readDoubleBE(writeTimestampAt);
      if (row.writeTimestampUs > stored) this.#rows.putSync(key, value);
    }
    this.#writes.add('messages', rows.length);
  }

  /** Inside a transaction: the row has disappeared. */
  remove(key: Buffer): void {
    this.#rows.removeSync(key);
  }

  async scan(scan: BucketScan): Promise<readonly MessageRow[]> {
    const { conversationId, bucket, order, limit } = scan;
    const bound = (id: string): Buffer =>
      writeKey(new RowWriter(), conversationId, bucket.bucket, bucket.subBucket, id);
    const first = bound(scan.fromMessageId);
    const last = bound(scan.toMessageId);
    const [start, end] = order === 'ascending' ? [first, last] : [last, first];
    const found: MessageRow[] = [];
    for (const { key, value } of this.#rows.getRange({
      start,
      end,
      inclusiveEnd: true,
      reverse: order === 'descending',
    })) {
      const seq = value.readDoubleBE(seqAt);
      if (scan.seqAbove !== undefined && seq <= scan.seqAbove) continue;
      if (scan.seqBelow !== undefined && seq >= scan.seqBelow) continue;
      found.push(readMessageRow(key, value));
      if (found.length >= limit) break;
    }
    return found;
  }

  async find(conversationId: string, messageId: string, buckets: readonly BucketRef[]): Promise<MessageRow | null> {
    if (!isMessageId(messageId)) return null;
    const bucketOfId = bucketOfMessageId(messageId);
    for (const { bucket, subBucket } of buckets) {
      if (bucket !== bucketOfId) continue;
      const key = writeKey(new RowWriter(), conversationId, bucket, subBucket, messageId);
      const value = this.#rows.getBinary(key);
      const row = value === undefined ? null : readMessageRow(key, value);
      if (row !== null && !isOver(row, this.#clock.nowMs())) return row;
    }
    return null;
  }
}
