import type { ReceiptAdvanced } from '@parley/schemas/generated/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceiptRow } from './ports.ts';
import { mergeReceipts } from './receipts-merge.ts';

const receipts = fc.array(
  fc.record<ReceiptAdvanced>({
    conversation_id: fc.constantFrom('c1', 'c2'),
    user_id: fc.constantFrom('u1', 'u2'),
    device_id: fc.constantFrom('d1', 'd2', 'd3'),
    kind: fc.constantFrom('delivered', 'read'),
    seq: fc.nat(20),
    ordinal: fc.nat(20),
    at_ms: fc.nat(5_000),
  }),
  { maxLength: 60 },
);

const deviceOf = (row: ReceiptRow) => `${row.conversationId}/${row.userId}/${row.deviceId}/${row.kind}`;
const asEvent = (row: ReceiptRow): ReceiptAdvanced => ({
  conversation_id: row.conversationId,
  user_id: row.userId,
  device_id: row.deviceId,
  kind: row.kind,
  seq: row.seq,
  ordinal: row.ordinal,
  at_ms: row.atMs,
});

const watermarks = (rows: readonly ReceiptRow[]): Map<string, number> => {
  const marks = new Map<string, number>();
  for (const row of rows) marks.set(deviceOf(row), Math.max(marks.get(deviceOf(row)) ?? -1, row.seq));
  return marks;
};

describe('rule 18: receipts of a batch', () => {
  it('merge to the maximum of each member, device and kind', () => {
    fc.assert(
      fc.property(receipts, (events) => {
        const wanted = new Map<string, number>();
        for (const one of events) {
          const key = `${one.conversation_id}/${one.user_id}/${one.device_id}/${one.kind}`;
          wanted.set(key, Math.max(wanted.get(key) ?? -1, one.seq));
        }
        expect(watermarks(mergeReceipts(events).rows)).toEqual(wanted);
      }),
    );
  });

  it('never go back: the steps of a device rise in seq and time, at most one a second', () => {
    fc.assert(
      fc.property(receipts, (events) => {
        const last = new Map<string, ReceiptRow>();
        for (const row of mergeReceipts(events).rows) {
          const before = last.get(deviceOf(row));
          if (before !== undefined) {
            expect(row.seq).toBeGreaterThan(before.seq);
            expect(Math.floor(row.atMs / 1_000)).toBeGreaterThan(Math.floor(before.atMs / 1_000));
          }
          last.set(deviceOf(row), row);
        }
      }),
    );
  });

  it('do not depend on the order of the records, and merging what was merged changes nothing', () => {
    const normal = (events: readonly ReceiptAdvanced[]) => {
      const { rows, advances } = mergeReceipts(events);
      const text = (value: unknown) => JSON.stringify(value);
      return [rows.map(text).sort(), [...advances.values()].flat().map(text).sort()];
    };
    const shuffled = receipts.chain((events) =>
      fc.record({ events: fc.constant(events), order: fc.shuffledSubarray(events, { minLength: events.length }) }),
    );
    fc.assert(
      fc.property(shuffled, ({ events, order }) => {
        expect(normal(order)).toEqual(normal(events));
        expect(normal(mergeReceipts(events).rows.map(asEvent))).toEqual(normal(events));
      }),
    );
  });

  it('give one advance for each member and kind: the highest of its devices', () => {
    fc.assert(
      fc.property(receipts, (events) => {
        const { advances } = mergeReceipts(events);
        for (const [conversationId, list] of advances) {
          const members = list.map(({ userId, kind }) => `${userId}/${kind}`);
          expect(new Set(members).size).toBe(members.length);
          for (const { userId, kind, seq } of list) {
            const seqs = events
              .filter((one) => one.conversation_id === conversationId && one.user_id === userId && one.kind === kind)
              .map((one) => one.seq);
            expect(seq).toBe(Math.max(...seqs));
          }
        }
        expect([...advances.keys()].sort()).toEqual([...new Set(events.map((one) => one.conversation_id))].sort());
      }),
    );
  });

  it('keep the time of each step of another second', () => {
    const at = (seq: number, at_ms: number): ReceiptAdvanced => ({
      conversation_id: 'c',
      user_id: 'u',
      device_id: 'd',
      kind: 'read',
      seq,
      ordinal: seq,
      at_ms,
    });
    const { rows } = mergeReceipts([at(15, 1_000), at(17, 2_100), at(16, 2_000), at(20, 5_000), at(19, 6_000)]);
    expect(rows.map(({ seq, atMs }) => [seq, atMs])).toEqual([
      [15, 1_000],
      [17, 2_100],
      [20, 5_000],
    ]);
  });
});
