/** Leaves out what a batch would write only to overwrite it in the same breath. */
import type { InboxRow } from '@parley/streams/conversation/rows';

/** True if every column that `earlier` writes is written by `later` too, at the same time or after. */
function supersedes(later: InboxRow, earlier: InboxRow): boolean {
  if (later.writeTimestampUs < earlier.writeTimestampUs) return false;
  if (earlier.lastMessage !== undefined && later.lastMessage === undefined) return false;
  if (earlier.ownOrdinal !== undefined && later.ownOrdinal === undefined) return false;
  return earlier.leftSeq === undefined || later.leftSeq !== undefined;
}

/**
 * The rows without those that another row of the batch overwrites whole. What is stored is the same, column by column with its
 * timestamp; a batch of 500 messages of one conversation writes a row or two per member instead of 500.
 */
export function withoutSuperseded(rows: readonly InboxRow[]): readonly InboxRow[] {
  if (rows.length < 2) return rows;
  const kept = new Map<string, InboxRow[]>();
  for (const row of rows) {
    const key = row.userId + row.conversationId;
    const others = kept.get(key);
    if (others === undefined) kept.set(key, [row]);
    else if (!others.some((other) => supersedes(other, row))) {
      kept.set(key, [...others.filter((other) => !supersedes(row, other)), row]);
    }
  }
  return [...kept.values()].flat();
}
