/**
 * Receipts in CQL: one partition per conversation and member, where an advance is one mutation of three cells.
 *
 * Last-write-wins does the merging, by the timestamps: a watermark carries its own value, so the greatest stays; a time carries its
 * complement, so the earliest stays. Both lie in the past of every cluster's clock, some of which refuse timestamps from the future.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { ReceiptRow } from '@parley/streams/processors/ports';
import type { types } from 'cassandra-driver';
import type { CqlSession, CqlStatement } from '../cql/connection.ts';
import { PartitionWrites } from '../cql/partition-writes.ts';
import { fromUuid, toMsOrNull, toNumber, toUuid } from '../cql/values.ts';
import type { StoreWrites } from '../store-writes.ts';
import { isKept, reachedAtOf } from './steps.ts';
import { type DeviceWatermark, type ReceiptStore, stepRetentionMs } from './store.ts';

const kinds: readonly ReceiptKind[] = ['delivered', 'read'];
/** In the year 2001, in microseconds; less than a time in milliseconds it is positive until the year 33658. */
const complementOf = 1e15;
const rowBytes = 256;
const ofMember = 'conversation_id = ? AND user_id = ?';

const watermarkOf = (kind: ReceiptKind): string =>
  `UPDATE receipts USING TIMESTAMP ? SET ${kind}[?] = ? WHERE ${ofMember}`;
const sinceOf = (kind: ReceiptKind): string =>
  `UPDATE receipts USING TIMESTAMP ? SET ${kind}_since = ? WHERE ${ofMember}`;
const reachedOf = (kind: ReceiptKind): string =>
  `SELECT MIN(at) AS earliest, MIN(${kind}_since) AS since FROM receipts WHERE ${ofMember} AND kind = ? AND seq >= ?`;

export const receiptStatements = {
  watermark: { delivered: watermarkOf('delivered'), read: watermarkOf('read') },
  since: { delivered: sinceOf('delivered'), read: sinceOf('read') },
  step: `UPDATE receipts USING TIMESTAMP ? AND TTL ? SET at = ? WHERE ${ofMember} AND kind = ? AND seq = ?`,
  watermarks: `SELECT DISTINCT conversation_id, user_id, delivered, read FROM receipts WHERE ${ofMember}`,
  reached: { delivered: reachedOf('delivered'), read: reachedOf('read') },
  below: `SELECT at FROM receipts WHERE ${ofMember} AND kind = ? AND seq < ? ORDER BY kind DESC, seq DESC LIMIT 1`,
} as const;

function earlierWins(atMs: number): number {
  return complementOf - atMs;
}

function statementsOf(row: ReceiptRow, nowMs: number): CqlStatement[] {
  const { kind, seq, atMs } = row;
  const member = [toUuid(row.conversationId), toUuid(row.userId)];
  const statements: CqlStatement[] = [
    { query: receiptStatements.watermark[kind], params: [seq, toUuid(row.deviceId), seq, ...member] },
    { query: receiptStatements.since[kind], params: [earlierWins(atMs), atMs, ...member] },
  ];
  // A replay brings old steps: what is left of their time is how long they live, and a step with none left is not written.
  if (isKept(atMs, nowMs)) {
    const ttlSeconds = Math.ceil((atMs + stepRetentionMs - nowMs) / 1000);
    statements.push({
      query: receiptStatements.step,
      params: [earlierWins(atMs), ttlSeconds, atMs, ...member, kind, seq],
    });
  }
  return statements;
}

export class CqlReceiptStore implements ReceiptStore {
  readonly #session: CqlSession;
  readonly #writes: StoreWrites;
  readonly #clock: Clock;

  constructor(session: CqlSession, writes: StoreWrites, clock: Clock) {
    this.#session = session;
    this.#writes = writes;
    this.#clock = clock;
  }

  async write(rows: readonly ReceiptRow[]): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const writes = new PartitionWrites();
    for (const row of rows) writes.add(row.conversationId + row.userId, statementsOf(row, nowMs), rowBytes);
    this.#writes.add('receipts', writes.mutations);
    await writes.send(this.#session);
  }

  async watermarks(conversationId: string, userId: string): Promise<readonly DeviceWatermark[]> {
    const params = [toUuid(conversationId), toUuid(userId)];
    const [row] = await this.#session.read({ query: receiptStatements.watermarks, params }, 1);
    if (row === undefined) return [];
    return kinds.flatMap((kind) =>
      Object.entries((row[kind] ?? {}) as Record<string, types.Long>).map(([deviceId, seq]) => ({
        deviceId: fromUuid(deviceId),
        kind,
        seq: toNumber(seq),
      })),
    );
  }

  async reachedAt(conversationId: string, userId: string, kind: ReceiptKind, seq: number): Promise<number | null> {
    const params = [toUuid(conversationId), toUuid(userId), kind, seq];
    const [row] = await this.#session.read({ query: receiptStatements.reached[kind], params }, 1);
    const below = async (): Promise<number | null> => {
      const [step] = await this.#session.read({ query: receiptStatements.below, params }, 1);
      return toMsOrNull(step?.['at']);
    };
    const found = { earliestMs: toMsOrNull(row?.['earliest']), sinceMs: toMsOrNull(row?.['since']), below };
    return reachedAtOf(found, this.#clock.nowMs());
  }
}
