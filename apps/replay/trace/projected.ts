/** Which rows of a message the projections hold. */
import type { Projections } from '@parley/projections/projections';
import type { AcceptedMessage } from './verdicts.ts';

export interface Projected {
  readonly message_row: { readonly seq: number; readonly bucket: number; readonly sub_bucket: number } | null;
  /** Members whose inbox row counts it. */
  readonly inbox_rows: number;
  /** Members whose inbox row is missing or does not count it yet. */
  readonly inbox_behind: readonly string[];
  /** The row is there, has its seq, and every inbox row counts it. */
  readonly complete: boolean;
}

/** Of a large group the rows of so many members are looked at. */
const maxInboxRows = 1_024;

export async function projectedOf(
  { messageLookup, inbox }: Pick<Projections, 'messageLookup' | 'inbox'>,
  conversationId: string,
  { messageId, seq, members }: AcceptedMessage,
): Promise<Projected> {
  const row = await messageLookup.find(conversationId, messageId);
  const behind: string[] = [];
  const looked = members.slice(0, maxInboxRows);
  for (const userId of looked) {
    const entry = await inbox.get(userId, conversationId);
    if (entry === null || entry.lastSeq < seq) behind.push(userId);
  }
  return {
    message_row: row === null ? null : { seq: row.seq, bucket: row.bucket, sub_bucket: row.subBucket },
    inbox_rows: looked.length - behind.length,
    inbox_behind: behind,
    complete: row?.seq === seq && behind.length === 0,
  };
}
