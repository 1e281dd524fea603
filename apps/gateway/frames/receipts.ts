/**
 * `delivered` and `read`: taken only from a member, and only up to a seq that was seen projected (design rule 18).
 *
 * A message that was sent live, or a page, proves both for this connection, so the common acknowledgement needs no read. Where
 * this gateway has not seen enough, the member's inbox row says up to where the conversation is projected for them; for `read` the
 * row of the message that it names says its seq and ordinal. The first time that a connection acknowledges less than the newest
 * projected, the device's stored watermarks are read as well: nothing at or below them is appended again.
 *
 * What somebody reads who sends no read receipts is a mark of their own (read-privacy.ts); others are told that it was delivered.
 */

import type { InboxStore } from '@parley/projections/inbox/store';
import { type MemberStore, maySee } from '@parley/projections/members/store';
import type { ReceiptStore } from '@parley/projections/receipts/store';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { DeliveredFrame, ReadFrame } from '@parley/schemas/generated/wire';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { isMessageId } from '@parley/schemas/identity/message-id';
import type { MessageLookup } from '@parley/streams/processors/ports';
import type { Connection } from '../connection.ts';
import type { ConversationMark, Watermark } from '../live/conversation-mark.ts';
import type { LiveDelivery } from '../live/live-delivery.ts';
import type { ReadPrivacy } from '../lookups/read-privacy.ts';
import type { ReceiptLog } from './receipt-log.ts';

export interface ReceiptDeskDependencies {
  readonly inbox: InboxStore;
  readonly members: MemberStore;
  readonly messages: MessageLookup;
  readonly receipts: ReceiptStore;
  readonly clock: Clock;
  readonly live: LiveDelivery;
  readonly log: ReceiptLog;
  readonly privacy: ReadPrivacy;
}

export class ReceiptDesk {
  readonly #on: ReceiptDeskDependencies;

  constructor(dependencies: ReceiptDeskDependencies) {
    this.#on = dependencies;
  }

  /** @throws ParleyError, or rejects with it: the receipt was not taken */
  delivered(
    connection: Connection,
    { conversation_id: conversationId, seq }: DeliveredFrame,
  ): Promise<void> | undefined {
    validate(conversationId, seq);
    if (seq === 0) return undefined; // An empty conversation: there is nothing to say.
    const mark = this.#mark(connection, conversationId);
    if (seq > mark.projectedSeq) return this.#deliveredAfterInbox(connection, mark, seq);
    return this.#takeDelivered(connection, mark, seq);
  }

  async #deliveredAfterInbox(connection: Connection, mark: ConversationMark, seq: number): Promise<void> {
    const entry = await this.#on.inbox.get(connection.userId, mark.conversationId);
    if (entry === null) throw new ParleyError('not_a_member');
    const bound = entry.leftSeq === null ? entry.lastSeq : Math.min(entry.lastSeq, entry.leftSeq - 1);
    mark.projectedSeq = Math.max(mark.projectedSeq, bound);
    if (seq > mark.projectedSeq) throw new ParleyError('invalid_request', { detail: 'seq is not projected yet' });
    await this.#takeDelivered(connection, mark, seq);
  }

  #takeDelivered(connection: Connection, mark: ConversationMark, seq: number): Promise<void> | undefined {
    this.#on.live.acknowledged(connection, mark, seq);
    return this.#advance(connection, mark, mark.delivered, seq, 0);
  }

  /** What the device said counts, also if its connection ends while its floor is looked up. */
  #advance(
    connection: Connection,
    mark: ConversationMark,
    watermark: Watermark,
    seq: number,
    ordinal: number,
  ): Promise<void> | undefined {
    if (!isFloorKnown(mark, watermark, seq)) {
      return this.#readFloors(connection, mark).then(() => this.#advance(connection, mark, watermark, seq, ordinal));
    }
    watermark.isFloorKnown = true;
    if (seq > watermark.saidSeq) this.#on.log.advance(connection, mark, watermark, seq, ordinal);
    return undefined;
  }

  /** @throws ParleyError, or rejects with it: the receipt was not taken */
  read(connection: Connection, frame: ReadFrame): Promise<void> | undefined {
    const { conversation_id: conversationId, message_id: messageId, seq } = frame;
    validate(conversationId, seq);
    if (!isMessageId(messageId)) throw new ParleyError('invalid_message_id');
    const mark = this.#mark(connection, conversationId);
    const { newest } = mark;
    if (newest !== null && newest.messageId === messageId && newest.seq === seq) {
      return this.#takeRead(connection, mark, seq, newest.ordinal);
    }
    return this.#readAfterRow(connection, mark, frame);
  }

  async #readAfterRow(connection: Connection, mark: ConversationMark, frame: ReadFrame): Promise<void> {
    const { conversationId } = mark;
    const row = await this.#on.messages.find(conversationId, frame.message_id);
    if (row === null) throw new ParleyError('not_found');
    const intervals = await this.#on.members.intervalsOf(conversationId, connection.userId);
    if (!maySee(intervals, row.seq)) throw new ParleyError('not_found');
    if (row.seq !== frame.seq) throw new ParleyError('invalid_request', { detail: 'seq is not that of message_id' });
    await this.#takeRead(connection, mark, row.seq, row.ordinal);
  }

  /** Read includes delivered: nothing up to here is pushed to this device any more. */
  #takeRead(connection: Connection, mark: ConversationMark, seq: number, ordinal: number): Promise<void> | undefined {
    this.#on.live.acknowledged(connection, mark, seq);
    const shows = this.#on.privacy.known(connection.userId);
    if (shows === true && !mark.read.isPrivate) return this.#advance(connection, mark, mark.read, seq, ordinal);
    return this.#takeReadAsChosen(connection, mark, seq, ordinal);
  }

  async #takeReadAsChosen(connection: Connection, mark: ConversationMark, seq: number, ordinal: number): Promise<void> {
    const isPrivate = !(await this.#on.privacy.sendsReceipts(connection.userId));
    // What is pending was said under the choice from before, and what was read so stays so.
    if (mark.read.isPrivate !== isPrivate) this.#on.log.flush(connection, mark);
    mark.read.isPrivate = isPrivate;
    if (isPrivate) await this.#advance(connection, mark, mark.delivered, seq, 0);
    await this.#advance(connection, mark, mark.read, seq, ordinal);
  }

  #mark(connection: Connection, conversationId: string): ConversationMark {
    const mark = this.#on.live.mark(connection, conversationId, this.#on.clock.nowMs());
    if (mark === null) throw new ParleyError('overloaded');
    return mark;
  }

  async #readFloors(connection: Connection, mark: ConversationMark): Promise<void> {
    const stored = await this.#on.receipts.watermarks(mark.conversationId, connection.userId);
    for (const { deviceId, kind, seq } of stored) {
      if (deviceId === connection.deviceId) mark[kind].saidSeq = Math.max(mark[kind].saidSeq, seq);
    }
    if (mark.read.isPrivate) {
      const entry = await this.#on.inbox.get(connection.userId, mark.conversationId);
      mark.read.saidSeq = Math.max(mark.read.saidSeq, entry?.readSeq ?? 0);
    }
    mark.delivered.isFloorKnown = true;
    mark.read.isFloorKnown = true;
  }
}

/**
 * True if no earlier connection of the device can have said more: it is known, or this is the newest that is projected. Where this
 * connection has seen nothing of the conversation (a read of an old message), it is neither.
 */
function isFloorKnown({ projectedSeq }: ConversationMark, watermark: Watermark, seq: number): boolean {
  return watermark.isFloorKnown || (projectedSeq > 0 && seq >= projectedSeq);
}

function validate(conversationId: string, seq: number): void {
  if (!isUuid(conversationId)) throw new ParleyError('invalid_request', { detail: 'conversation_id' });
  if (seq < 0) throw new ParleyError('invalid_request', { detail: 'seq' });
}
