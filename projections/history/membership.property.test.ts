/** Invariant 7 by every read: a random story through the fold, its rows in the embedded stores, and the reader of history over them. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@parley/schemas/environment/system';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { membershipStory, visibleSeqs } from '@parley/streams/conversation/membership-story.fixture';
import type { Outcome, ReceivedEvent } from '@parley/streams/conversation/outcome';
import { given } from '@parley/streams/conversation/story.fixture';
import { buildRows } from '@parley/streams/processors/conversation-rows';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unreadCount } from '../inbox/store.ts';
import { temporaryFolder } from '../lmdb/env.fixture.ts';
import { openEmbeddedProjections } from '../lmdb/projections.ts';
import type { Projections } from '../projections.ts';
import type { HistoryPage } from './reader.ts';

interface Step {
  readonly event: ReceivedEvent;
  readonly outcome: Outcome;
}

/** All that a new device of the user gets, page by page; null: the conversation is not there for them. */
async function readAll(read: (from: HistoryPage | null) => Promise<HistoryPage>): Promise<number[][] | null> {
  const pages: number[][] = [];
  let last: HistoryPage | null = null;
  try {
    do {
      last = await read(last);
      pages.push(last.rows.map(({ seq }) => seq));
    } while (last.more);
  } catch (error) {
    if (!hasCode(error, 'not_found')) throw error;
    return null;
  }
  return pages;
}

/** Messages of others since the user came or last spoke. */
function recount(steps: readonly Step[], userId: string, visible: readonly number[]): number {
  let joinedAt = 0;
  let count = 0;
  const seen = new Set(visible);
  for (const { event, outcome } of steps) {
    if (outcome.kind === 'directory_changed') {
      for (const one of outcome.changes) if (one.userId === userId && one.change === 'joined') joinedAt = one.joinedSeq;
      if (outcome.changes.some((one) => one.userId === userId && one.change === 'joined')) count = 0;
    }
    if (outcome.kind !== 'accepted' || event.name !== 'message_sent') continue;
    if (event.event.sender_id === userId) count = 0;
    else if (seen.has(outcome.seq) && outcome.seq >= joinedAt) count++;
  }
  return count;
}

describe('invariant 7: nothing later than a removal, nothing earlier than a joining, rejoining included', () => {
  let projections: Projections;
  const folder = temporaryFolder();
  beforeAll(() => {
    projections = openEmbeddedProjections(folder.path, { clock: systemClock, metrics: new Registry() });
  });
  afterAll(async () => {
    await projections.close();
    folder.remove();
  });

  async function check(conversationId: string, steps: readonly Step[], limit: number): Promise<void> {
    const { history, inbox } = projections;
    for (const [userId, visible] of visibleSeqs(steps)) {
      const forward = await readAll((from) =>
        history.fetch(userId, {
          ...{ conversationId, limit },
          ...{ afterSeq: from?.coveredTo ?? 0, afterAtMs: from?.coveredToAtMs ?? 0 },
        }),
      );
      const backward = await readAll((from) =>
        history.before(userId, {
          ...{ conversationId, limit },
          ...{ beforeSeq: from?.coveredFrom ?? 0, beforeAtMs: from?.rows[0]?.atMs ?? 0 },
        }),
      );
      expect(forward?.flat() ?? []).toEqual(visible);
      expect(backward?.reverse().flat() ?? []).toEqual(visible);
      const entry = await inbox.get(userId, conversationId);
      if (entry === null || entry.leftSeq !== null) continue;
      expect(unreadCount(entry)).toBe(recount(steps, userId, visible));
    }
  }

  it('rule 9: a new device of anybody reads what they may see, both ways, at whatever moment it comes', async () => {
    const cuts = fc.array(fc.nat({ max: 40 }), { maxLength: 3 });
    const limit = fc.integer({ min: 1, max: 30 });
    await fc.assert(
      fc.asyncProperty(membershipStory, cuts, limit, async (events, at, rows) => {
        const conversationId = randomUUID();
        const story = given(conversationId);
        const steps: Step[] = [];
        let decided: Parameters<typeof buildRows>[0][number][] = [];
        for (const [offset, one] of events.entries()) {
          const event = { ...one, event: { ...one.event, conversation_id: conversationId } } as ReceivedEvent;
          const outcome = story.when(event);
          steps.push({ event, outcome });
          decided.push({ offset, conversationId, outcome, state: story.state });
          if (offset + 1 < events.length && !at.includes(offset)) continue;
          await projections.conversationProjector.project(buildRows(decided));
          decided = [];
          await check(conversationId, steps, rows);
        }
      }),
      { numRuns: 120 },
    );
  });
});
