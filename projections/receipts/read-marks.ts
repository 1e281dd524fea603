/** What receipts mean for the conversation list: the highest `read` of each member in a batch. */
import type { ReceiptRow } from '@parley/streams/processors/ports';
import type { ReadMark } from '../inbox/store.ts';

export function readMarksOf(rows: readonly ReceiptRow[]): readonly ReadMark[] {
  const highest = new Map<string, ReadMark>();
  for (const { kind, userId, conversationId, seq, ordinal } of rows) {
    if (kind !== 'read') continue;
    const key = userId + conversationId;
    const known = highest.get(key);
    if (known !== undefined && (known.readSeq > seq || (known.readSeq === seq && known.readOrdinal >= ordinal)))
      continue;
    highest.set(key, { userId, conversationId, readSeq: seq, readOrdinal: ordinal });
  }
  return [...highest.values()];
}
