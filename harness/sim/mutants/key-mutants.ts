/** Defects of the order that key agreement rests on: rule 22. */
import type { Mutant } from './mutant.ts';

export const keyMutants: readonly Mutant[] = [
  {
    name: 'two commits of one epoch are accepted',
    rule: 22,
    file: 'streams/conversation/mls.ts',
    find: 'return { generation, epoch: epoch + 1, groupId, changedSeq: mls.changedSeq, commitSeq: seq };',
    replace: 'return { generation, epoch, groupId, changedSeq: mls.changedSeq, commitSeq: seq };',
  },
  {
    name: 'a commit passes that knows nothing of who joined or left',
    rule: 22,
    file: 'streams/conversation/mls.ts',
    find: "return header.after_seq < mls.changedSeq ? 'membership_stale' : null;",
    replace: 'return null;',
  },
  {
    name: 'a generation that was ended is ended again',
    rule: 22,
    file: 'streams/conversation/system-change.ts',
    find: 'if (event.from_generation !== state.mls.generation) return null;',
    replace: '',
  },
  {
    name: 'what a commit says in clear is not stored',
    rule: 22,
    file: 'projections/messages/store.cql.ts',
    find: 'mls: mls === null ? null : mlsOfText(mls),',
    replace: 'mls: null,',
  },
];
