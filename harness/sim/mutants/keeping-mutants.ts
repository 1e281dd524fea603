/** More defects of storing: rules 8 to 12. */
import type { Mutant } from './mutant.ts';

export const keepingMutants: readonly Mutant[] = [
  {
    name: 'of two reads the lower counts',
    rule: 8,
    file: 'projections/inbox/store.cql.ts',
    find: 'params: [readSeq, readSeq, readOrdinal, ...key]',
    replace: 'params: [1e12 - readSeq, readSeq, readOrdinal, ...key]',
  },
  {
    name: 'members are written after the messages that they may see',
    rule: 9,
    file: 'projections/cql/projections.ts',
    find: `        await members.write(rows.members, rows.conversations);
        await messages.write(rows.messages);
        await inbox.write(rows.inbox);`,
    replace: `        await messages.write(rows.messages);
        await inbox.write(rows.inbox);
        await members.write(rows.members, rows.conversations);`,
  },
  {
    name: 'whoever scrolls back sees what they may not see',
    rule: 9,
    file: 'projections/history/backward.ts',
    find: 'filter((row) => row.seq >= covered && isShown(this.#reading, intervals, row))',
    replace: 'filter((row) => row.seq >= covered)',
  },
  {
    name: 'what waits for a checkpoint is committed past',
    rule: 10,
    file: 'streams/processors/conversation-checkpoint.ts',
    find: 'for (const { firstOffset } of this.#unsaved.values()) first = Math.min(first, firstOffset);',
    replace: '',
  },
  {
    name: 'a processor that was stopped goes on saving',
    rule: 10,
    file: 'streams/processors/conversation.ts',
    find: `    this.#timer?.cancel();
`,
    replace: '',
  },
  {
    name: 'a stop of the machine is not noticed',
    rule: 11,
    file: 'projections/lmdb/crash-marker.ts',
    find: "JSON.stringify({ bootId: bootId ?? '', closed, layout }",
    replace: "JSON.stringify({ bootId: bootId ?? '', closed: true, layout }",
  },
  {
    name: 'checkpoints survive what they are checkpoints of',
    rule: 11,
    file: 'projections/lmdb/checkpoints.ts',
    find: '  save(group: string, topic: string, partition: number, nextOffset: number): Promise<void> {\n',
    replace: `  save(group: string, topic: string, partition: number, nextOffset: number): Promise<void> {
    const kept = (globalThis.kept ??= new Map());
    kept.set(String(keyOf(group, topic, partition)), nextOffset);
    LmdbCheckpointStore.prototype.load = (...place) => kept.get(String(keyOf(...place))) ?? null;
`,
  },
  {
    name: 'a page back does not look beyond its cursor',
    rule: 12,
    file: 'projections/history/skew.ts',
    find: 'export const historyMarginMs = 60_000;',
    replace: 'export const historyMarginMs = 0;',
  },
  {
    name: 'ids are taken to lie within a second of T',
    rule: 12,
    file: 'projections/history/skew.ts',
    find: 'export const idSkewMs = 30_000;',
    replace: 'export const idSkewMs = 1_000;',
  },
];
