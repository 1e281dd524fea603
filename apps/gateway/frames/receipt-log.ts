/**
 * Watermarks into chat.receipts: at most one a second for each device, conversation and kind (design rule 18).
 *
 * The first of a second goes at once, what follows is merged by maximum and goes with the next tick. A watermark that the log
 * refuses becomes pending again. The topic is compacted, so for one key a lower value must never follow a higher one: only the
 * newest value of a connection is tried again, and that of a connection that has ended only if the device has not said more since.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Log } from '@parley/streams/log/log';
import type { Logger } from 'pino';
import type { Connection } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { GatewayCounts } from '../counts.ts';
import type { ConversationMark, Watermark } from '../live/conversation-mark.ts';
import { ReceiptAppend, type ReceiptSettlement } from './receipt-append.ts';

export interface ReceiptLogDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly counts: GatewayCounts;
  readonly logger: Logger;
}

export class ReceiptLog implements ReceiptSettlement {
  readonly #on: ReceiptLogDependencies;
  readonly #maxRetries: number;
  /** Of connections that have ended. */
  #retries: ReceiptAppend[] = [];
  #tick = 0;
  #inFlight = 0;

  constructor(dependencies: ReceiptLogDependencies, maxRetries: number) {
    this.#on = dependencies;
    this.#maxRetries = maxRetries;
  }

  /** Watermarks that are on their way or wait to be tried again. */
  get unsettled(): number {
    return this.#inFlight + this.#retries.length;
  }

  /** The device says more than before. */
  advance(connection: Connection, mark: ConversationMark, watermark: Watermark, seq: number, ordinal: number): void {
    watermark.saidSeq = seq;
    watermark.ordinal = ordinal;
    watermark.saidAtMs = this.#on.clock.nowMs();
    watermark.isPending = true;
    // A mark that was given up meanwhile is visited by no tick.
    if (watermark.appendedTick === this.#tick && mark.isKept) this.#on.connections.activate(connection);
    else this.#append(connection, mark, watermark);
  }

  /** Sends what is pending of a conversation on its way. True if something still is pending. */
  flush(connection: Connection, mark: ConversationMark): boolean {
    if (mark.delivered.isPending) this.#append(connection, mark, mark.delivered);
    if (mark.read.isPending) this.#append(connection, mark, mark.read);
    return mark.delivered.isPending || mark.read.isPending;
  }

  /** Once a tick, before connections are flushed. */
  beginTick(): void {
    this.#tick++;
    const retries = this.#retries;
    this.#retries = [];
    for (const receipt of retries) if (!this.#isOutdated(receipt)) this.#queue(receipt);
  }

  #append(connection: Connection, mark: ConversationMark, watermark: Watermark): void {
    const value = watermark.isPrivate
      ? this.#privately(connection, mark, watermark)
      : this.#on.codec.encode('receipt_advanced', {
          conversation_id: mark.conversationId,
          user_id: connection.userId,
          device_id: connection.deviceId,
          kind: watermark.kind,
          seq: watermark.saidSeq,
          ordinal: watermark.ordinal,
          at_ms: watermark.saidAtMs,
        });
    watermark.isPending = false;
    watermark.appendedTick = this.#tick;
    this.#queue(new ReceiptAppend(connection, mark, watermark, value, watermark.saidAtMs, this));
  }

  /** What is read counts for the user's own list, and nobody else learns of it. */
  #privately({ userId, deviceId }: Connection, { conversationId }: ConversationMark, watermark: Watermark): Buffer {
    return this.#on.codec.encode('personal_mark_set', {
      conversation_id: conversationId,
      user_id: userId,
      device_id: deviceId,
      kind: 'read',
      value: watermark.saidSeq,
      ordinal: watermark.ordinal,
      version: watermark.saidSeq,
      at_ms: watermark.saidAtMs,
    });
  }

  #queue(receipt: ReceiptAppend): void {
    this.#inFlight++;
    try {
      this.#on.log.append(receipt);
    } catch (error) {
      this.receiptFailed(receipt, error instanceof ParleyError ? error : new ParleyError('internal', { cause: error }));
    }
  }

  receiptAppended(): void {
    this.#inFlight--;
    this.#on.counts.receiptsAppended++;
  }

  receiptFailed(receipt: ReceiptAppend, error: ParleyError): void {
    this.#inFlight--;
    const { connection, mark, watermark } = receipt;
    if (watermark.saidSeq > receipt.seq) return; // What the device said since covers it, whatever becomes of that.
    if (mark.isKept && connection.isOpen && receipt.isPrivate === watermark.isPrivate) {
      watermark.isPending = true;
      this.#on.connections.activate(connection);
    } else if (this.#retries.length < this.#maxRetries) {
      this.#retries.push(receipt);
    } else {
      this.#on.counts.receiptsLost++;
      this.#on.logger.error({ err: error }, 'a receipt was given up: too many wait for the log');
    }
  }

  #isOutdated({ connection, mark, watermark, seq }: ReceiptAppend): boolean {
    const newer = this.#on.connections.ofDevice(connection.deviceId);
    const theirs = newer?.live?.marks.find((other) => other.conversationId === mark.conversationId);
    return theirs !== undefined && theirs[watermark.kind].saidSeq >= seq;
  }
}
