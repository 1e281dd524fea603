import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inboxRow } from '../rows.fixture.ts';
import { emptyEntry, mergeRow } from './entry-bytes.ts';
import { withoutSuperseded } from './superseded.ts';

const userId = '00000000-0000-4000-8000-000000000001';
const conversations = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];

const rows = fc
  .array(
    fc.record({
      conversation: fc.nat(1),
      writesMessage: fc.boolean(),
      writesOwn: fc.boolean(),
      writesLeft: fc.boolean(),
      order: fc.nat(),
    }),
    { maxLength: 12 },
  )
  .map((plans) => {
    // Every event has a write timestamp of its own; the batch may hold them in any order.
    const made = plans.map(({ conversation, writesMessage, writesOwn, writesLeft, order }, index) => ({
      order,
      row: inboxRow({
        userId,
        conversationId: conversations[conversation]!,
        writeTimestampUs: index + 1,
        lastSeq: index + 1,
        ...(writesMessage ? { lastMessage: { preview: `${index}`, atMs: index } } : {}),
        ...(writesOwn ? { ownOrdinal: index } : {}),
        ...(writesLeft ? { leftSeq: index % 2 === 0 ? index : null } : {}),
      }),
    }));
    return made.toSorted((a, b) => a.order - b.order).map(({ row }) => row);
  });

it('rule 8: what is stored is the same, column by column and with its timestamps, without the rows left out', () => {
  fc.assert(
    fc.property(rows, (batch) => {
      const kept = withoutSuperseded(batch);
      for (const conversationId of conversations) {
        const [whole, lean] = [emptyEntry(), emptyEntry()];
        for (const row of batch) if (row.conversationId === conversationId) mergeRow(whole, row);
        for (const row of kept) if (row.conversationId === conversationId) mergeRow(lean, row);
        expect(lean).toEqual(whole);
      }
      // At most the newest row of each combination of the three groups of columns that a row may leave out.
      expect(kept.length).toBeLessThanOrEqual(conversations.length * 2 ** 3);
    }),
    { numRuns: 1_000 },
  );
});
