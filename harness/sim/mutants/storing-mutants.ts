/** Defects of storing: rules 8 to 12. */
import type { Mutant } from './mutant.ts';

export const storingMutants: readonly Mutant[] = [
  {
    name: 'a state is saved without its own timestamp',
    rule: 8,
    file: 'projections/fold-state/store.cql.ts',
    find: 'const params = [toUuid(conversationId), snapshot, offset, writeTimestampUs];',
    replace: 'const params = [toUuid(conversationId), snapshot, offset, 1 + 0 * writeTimestampUs];',
  },
  {
    name: 'write timestamps do not grow within a millisecond',
    rule: 8,
    file: 'streams/conversation/decide.ts',
    find: 'Math.max(state.writeTimestampUs + 1, atMs * 1000)',
    replace: 'atMs * 1000',
  },
  {
    name: 'the old write of a conversation list wins',
    rule: 8,
    file: 'projections/inbox/store.cql.ts',
    find: '      row.writeTimestampUs,\n',
    replace: '      4e15 - row.writeTimestampUs,\n',
  },
  {
    name: 'a watermark is not merged by maximum',
    rule: 8,
    file: 'projections/receipts/store.cql.ts',
    find: 'params: [seq, toUuid(row.deviceId), seq, ...member]',
    replace: 'params: [1e12 - seq, toUuid(row.deviceId), seq, ...member]',
  },
  {
    name: 'inbox rows are written before the messages that they count',
    rule: 9,
    file: 'projections/cql/projections.ts',
    find: `        await messages.write(rows.messages);
        await inbox.write(rows.inbox);`,
    replace: `        await inbox.write(rows.inbox);
        await messages.write(rows.messages);`,
  },
  {
    name: 'a page shows what its reader may not see',
    rule: 9,
    file: 'projections/history/forward.ts',
    find: 'filter((row) => row.seq <= covered && isShown(this.#reading, intervals, row))',
    replace: 'filter((row) => row.seq <= covered)',
  },
  {
    name: 'a removal by the old rules is applied late',
    rule: 9,
    file: 'streams/conversation/decide-directory.ts',
    find: 'rules.directoryTakesSeq ? 2 : 1',
    replace: 'rules.directoryTakesSeq ? 2 : 4',
  },
  {
    name: 'who was removed stays in the state',
    rule: 9,
    file: 'streams/conversation/evolve.ts',
    find: 'else changed.delete(userId);',
    replace: '',
  },
  {
    name: 'cached states outlive their assignment',
    rule: 10,
    file: 'streams/processors/conversation.ts',
    find: '    this.#states.clear();\n',
    replace: '',
  },
  {
    name: 'an offset is committed before its state is saved',
    rule: 10,
    file: 'streams/processors/conversation-checkpoint.ts',
    find: 'await this.#store.save(due.map(',
    replace: 'void this.#store.save(due.map(',
  },
  {
    name: 'an offset is committed before the projection',
    rule: 10,
    file: 'streams/processors/conversation.ts',
    find: 'if (!isEmpty(rows)) await projector.project(rows);',
    replace: 'if (!isEmpty(rows)) projector.project(rows).catch(() => undefined);',
  },
  {
    name: 'what was applied is decided again',
    rule: 10,
    file: 'streams/processors/conversation-decide.ts',
    find: 'if (offset <= held.offset) continue;',
    replace: '',
  },
  {
    name: 'a fetch does not look before its cursor',
    rule: 12,
    file: 'projections/history/skew.ts',
    find: 'export const fetchMarginMs = 90_000;',
    replace: 'export const fetchMarginMs = 0;',
  },
  {
    name: 'only the first bucket is listed',
    rule: 12,
    file: 'streams/processors/conversation-rows.ts',
    find: 'if (outcome.opensBucket) this.#conversations.set(conversationId, conversationRow(state));',
    replace: 'if (outcome.creates) this.#conversations.set(conversationId, conversationRow(state));',
  },
];
