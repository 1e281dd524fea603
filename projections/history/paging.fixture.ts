/** Pages through a conversation to its end, and checks at every page what a page promises. */
import { expect } from 'vitest';
import type { Projections } from '../projections.ts';
import type { ProjectedConversation } from './conversation.fixture.ts';
import type { HistoryPage } from './reader.ts';

const seqsOf = (page: HistoryPage): number[] => page.rows.map(({ seq }) => seq);

function checkPage(page: HistoryPage, limit: number): void {
  const seqs = seqsOf(page);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(page.rows.length).toBeLessThanOrEqual(limit);
  for (const seq of seqs) {
    expect(seq).toBeGreaterThanOrEqual(page.coveredFrom);
    expect(seq).toBeLessThanOrEqual(page.coveredTo);
  }
  if (page.coveredTo >= page.coveredFrom) expect(page.coveredTo).toBeLessThanOrEqual(page.lastSeq);
}

export interface Paged {
  readonly seqs: readonly number[];
  readonly pages: number;
}

/** From a cursor to the end, as a device syncs: the next cursor is what the page says, and nothing else. */
export async function pageForward(
  history: Projections['history'],
  { conversationId, userId, accepted, atMsOf }: ProjectedConversation,
  afterSeq: number,
  limit: number,
): Promise<Paged> {
  const seqs: number[] = [];
  let [cursor, cursorAtMs] = [afterSeq, atMsOf(afterSeq)];
  for (let pages = 1; ; pages++) {
    const page = await history.fetch(userId, { conversationId, afterSeq: cursor, afterAtMs: cursorAtMs, limit });
    checkPage(page, limit);
    expect(page.coveredFrom).toBe(cursor + 1);
    // Sound: nothing that is still to come lies before the time to go on from.
    for (const row of accepted.slice(page.coveredTo)) expect(row.atMs).toBeGreaterThanOrEqual(page.coveredToAtMs);
    seqs.push(...seqsOf(page));
    if (!page.more) {
      expect(page.coveredTo).toBe(Math.max(accepted.length, cursor));
      return { seqs, pages };
    }
    expect(page.coveredTo).toBeGreaterThan(cursor);
    [cursor, cursorAtMs] = [page.coveredTo, page.coveredToAtMs];
  }
}

/** From the newest, or from before a seq, to the first; a client knows T only of messages that it holds. */
export async function pageBackward(
  history: Projections['history'],
  { conversationId, userId, atMsOf }: ProjectedConversation,
  beforeSeq: number,
  limit: number,
): Promise<Paged> {
  const seqs: number[] = [];
  let [cursor, cursorAtMs] = [beforeSeq, atMsOf(beforeSeq)];
  for (let pages = 1; ; pages++) {
    const page = await history.before(userId, { conversationId, beforeSeq: cursor, beforeAtMs: cursorAtMs, limit });
    checkPage(page, limit);
    if (cursor > 0) expect(page.coveredTo).toBe(Math.min(cursor - 1, page.lastSeq));
    else expect(page.coveredTo).toBe(page.lastSeq);
    seqs.unshift(...seqsOf(page));
    if (!page.more) {
      expect(page.coveredFrom).toBe(1);
      return { seqs, pages };
    }
    expect(page.coveredFrom).toBeLessThanOrEqual(page.coveredTo);
    cursor = page.coveredFrom;
    cursorAtMs = page.rows[0]?.atMs ?? cursorAtMs;
  }
}
