/** Defects of what users keep about conversations for themselves: marks, and what they have cleared. */
import type { Mutant } from './mutant.ts';

export const markMutants: readonly Mutant[] = [
  {
    name: 'the older write of a mark wins',
    rule: 8,
    file: 'projections/inbox/store.cql.ts',
    find: 'params: [version, value, ...key]',
    replace: 'params: [4e15 - version, value, ...key]',
  },
  {
    name: 'of a batch the mark that came last stands',
    rule: 8,
    file: 'streams/processors/marks-merge.ts',
    find: 'if (known === undefined || isGreater(mark, known)) standing.set(key, mark);',
    replace:
      'if (known === undefined || isGreater(mark, known) || known.version > mark.version) standing.set(key, mark);',
  },
  {
    name: 'what was cleared is not hidden from history',
    rule: 9,
    file: 'projections/history/cleared.ts',
    find: 'if (clearedSeq === 0) return intervals;',
    replace: 'if (clearedSeq >= 0) return intervals;',
  },
  {
    name: 'what was cleared counts as unread',
    rule: 18,
    file: 'projections/inbox/store.ts',
    find: 'return Math.max(readOrdinal, ownOrdinal, clearedOrdinal);',
    replace: 'return Math.max(readOrdinal, ownOrdinal, 0 * clearedOrdinal);',
  },
  {
    name: 'a mark is told to no other device',
    rule: 18,
    file: 'streams/processors/receipts.ts',
    find: 'inboxUpdates(this.#router, this.#inbox, marks, reads)',
    replace: 'inboxUpdates(this.#router, this.#inbox, marks.slice(marks.length), reads)',
  },
  {
    name: 'what is read on one device stays unread on the others',
    rule: 18,
    file: 'streams/processors/receipts.ts',
    find: "filter(({ kind }) => kind === 'read')",
    replace: 'filter(({ seq }) => seq < 0)',
  },
];
