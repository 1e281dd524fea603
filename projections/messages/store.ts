/** Message rows by conversation and bucket: written by the conversation processor, read by history, sync and look-ups by id. */

import type { MessageRow } from '@parley/streams/conversation/rows';
import type { BucketRef } from '@parley/streams/conversation/state';

export interface BucketScan {
  readonly conversationId: string;
  readonly bucket: Pick<BucketRef, 'bucket' | 'subBucket'>;
  /** Inclusive. */
  readonly fromMessageId: string;
  /** Inclusive. */
  readonly toMessageId: string;
  /** At most so many rows, after the conditions on seq. */
  readonly limit: number;
  readonly order: 'ascending' | 'descending';
  /** Only rows with a greater seq; the others cost the store a look, and the caller nothing. */
  readonly seqAbove?: number;
  /** Only rows with a smaller seq. */
  readonly seqBelow?: number;
}

/** True if the message has disappeared: nobody is shown it any more, whether its bytes are still there or not (design rule 23). */
export function isOver({ expiresAtMs }: Pick<MessageRow, 'expiresAtMs'>, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}

export interface MessageStore {
  /** What is over already is not written. */
  write(rows: readonly MessageRow[]): Promise<void>;
  /** Rows of one (sub-)bucket in order of message id. Those that are over may still be among them: the reader knows its limit. */
  scan(scan: BucketScan): Promise<readonly MessageRow[]>;
  /** Looks in every given sub-bucket of the id's bucket. Null for what is over. */
  find(conversationId: string, messageId: string, buckets: readonly BucketRef[]): Promise<MessageRow | null>;
}
