/** A watermark on its way into the log. */
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { Connection } from '../connection.ts';
import type { ConversationMark, Watermark } from '../live/conversation-mark.ts';
import { markKey } from './mark-append.ts';

export interface ReceiptSettlement {
  receiptAppended(receipt: ReceiptAppend): void;
  receiptFailed(receipt: ReceiptAppend, error: ParleyError): void;
}

export class ReceiptAppend implements Append {
  readonly topic = topics.receipts;
  /** One per watermark, so that compaction keeps its last value. */
  readonly key: string;
  readonly partitionKey: string;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly connection: Connection;
  readonly mark: ConversationMark;
  readonly watermark: Watermark;
  readonly seq: number;
  readonly isPrivate: boolean;
  readonly #settlement: ReceiptSettlement;

  constructor(
    connection: Connection,
    mark: ConversationMark,
    watermark: Watermark,
    value: Buffer,
    timestampMs: number,
    settlement: ReceiptSettlement,
  ) {
    const { conversationId } = mark;
    const { userId, deviceId } = connection;
    this.key = watermark.isPrivate
      ? markKey(conversationId, userId, watermark.kind, deviceId)
      : `${conversationId}:${userId}:${watermark.kind}:${deviceId}`;
    this.partitionKey = conversationId;
    this.connection = connection;
    this.mark = mark;
    this.watermark = watermark;
    this.seq = watermark.saidSeq;
    this.isPrivate = watermark.isPrivate;
    this.value = value;
    this.timestampMs = timestampMs;
    this.#settlement = settlement;
  }

  appended(): void {
    this.#settlement.receiptAppended(this);
  }

  failed(error: ParleyError): void {
    this.#settlement.receiptFailed(this, error);
  }
}
