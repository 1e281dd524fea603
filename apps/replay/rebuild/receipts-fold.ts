/**
 * chat.receipts again, by the production code: decode, merge, projector. A step that is older than steps are kept is not written, and
 * one that is not lives for what is left of its time: the stores see to it.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { decodeEvents } from '@parley/streams/processors/decode-batch';
import { mergeMarks } from '@parley/streams/processors/marks-merge';
import type { ReceiptProjector } from '@parley/streams/processors/ports';
import { marksIn, receiptEvents, receiptsIn } from '@parley/streams/processors/receipts';
import { mergeReceipts } from '@parley/streams/processors/receipts-merge';
import { alreadyBuried } from './conversation-fold.ts';
import type { Fold } from './fold.ts';

export class ReceiptsFold implements Fold {
  readonly topic = topics.receipts;
  readonly #codec: EventCodec;
  readonly #projector: ReceiptProjector;

  constructor(codec: EventCodec, projector: ReceiptProjector) {
    this.#codec = codec;
    this.#projector = projector;
  }

  async apply(_partition: number, records: readonly LogRecord[]): Promise<void> {
    const events = await decodeEvents(records, receiptEvents, this.#codec, alreadyBuried);
    const { rows } = mergeReceipts(receiptsIn(events));
    const marks = mergeMarks(marksIn(events));
    if (rows.length > 0 || marks.length > 0) await this.#projector.project(rows, marks);
  }

  /** It keeps nothing. */
  checkpoint(): Promise<void> {
    return Promise.resolve();
  }
}
