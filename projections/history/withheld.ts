/**
 * What was withheld of a user in a 1:1 conversation whose other user had blocked them, newest first (design rule 6).
 *
 * It lies in message rows of the sender's own side partition, so that whoever asks reads their own and nobody else's: the partition's
 * id is made of the asker's. Buckets are walked from the newest down until the page is full.
 */
import { highestMessageId, lowestMessageId } from '@parley/schemas/identity/message-id';
import { withheldPartition } from '@parley/schemas/identity/withheld-partition';
import { bucketMs } from '@parley/streams/conversation/buckets';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { MemberStore } from '../members/store.ts';
import { isOver, type MessageStore } from '../messages/store.ts';

export interface WithheldQuery {
  readonly conversationId: string;
  /** Message id, exclusive; null for the newest. */
  readonly before: string | null;
  readonly limit: number;
}

export interface WithheldPage {
  /** In order of message id, each with seq 0. */
  readonly rows: readonly MessageRow[];
  /** There may be older ones. */
  readonly more: boolean;
}

export interface WithheldSource {
  readonly members: Pick<MemberStore, 'view'>;
  readonly messages: Pick<MessageStore, 'scan'>;
}

/** `nowMs`: what is over by then is not shown. */
export async function withheldPage(
  { members, messages }: WithheldSource,
  userId: string,
  { conversationId, before, limit }: WithheldQuery,
  nowMs: number,
): Promise<WithheldPage> {
  const partition = withheldPartition(conversationId, userId);
  const view = await members.view(partition);
  const found: MessageRow[] = [];
  for (const bucket of view?.buckets.toReversed() ?? []) {
    const fromMessageId = lowestMessageId(bucket.bucket * bucketMs);
    if (before !== null && fromMessageId >= before) continue;
    // One more than asked, which says whether there are more, and one for the message that is named.
    const scan = { conversationId: partition, bucket, fromMessageId, limit: limit - found.length + 2 };
    const rows = await messages.scan({
      ...scan,
      toMessageId: before ?? highestMessageId((bucket.bucket + 1) * bucketMs - 1),
      order: 'descending',
    });
    found.push(...rows.filter(({ messageId }) => before === null || messageId < before));
    if (found.length > limit) break;
  }
  const more = found.length > limit;
  const shown = found.slice(0, limit).filter((row) => !isOver(row, nowMs));
  return { rows: shown.map((row) => ({ ...row, conversationId })).reverse(), more };
}
