/**
 * Receipts in LMDB, three kinds of rows per member: the device's watermark (conversation, user, kind, device), `since`
 * (conversation, user, kind) and the steps (conversation, user, kind, seq). Expired steps are taken out as new ones come.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { ReceiptRow } from '@parley/streams/processors/ports';
import { receiptKinds } from '../lmdb/enum-bytes.ts';
import type { ProjectionEnv, RowDatabase } from '../lmdb/env.ts';
import { endOfPrefix, RowReader, RowWriter } from '../lmdb/row-bytes.ts';
import { uuidBytes } from '../lmdb/uuid-bytes.ts';
import type { StoreWrites } from '../store-writes.ts';
import { isKept, reachedAtOf } from './steps.ts';
import type { DeviceWatermark, ReceiptStore } from './store.ts';

const memberBytes = 2 * uuidBytes;
/** Looks for expired steps at one in so many seqs, and takes out at most so many at once. */
const sweepEvery = 64;
const maxSwept = 4 * sweepEvery;

export class LmdbReceiptStore implements ReceiptStore {
  readonly #env: ProjectionEnv;
  readonly #watermarks: RowDatabase;
  readonly #steps: RowDatabase;
  readonly #writes: StoreWrites;
  readonly #clock: Clock;
  readonly #key = new RowWriter();
  readonly #value = new RowWriter();

  constructor(env: ProjectionEnv, writes: StoreWrites, clock: Clock) {
    this.#env = env;
    this.#watermarks = env.database('receipt_watermarks');
    this.#steps = env.database('receipt_steps');
    this.#writes = writes;
    this.#clock = clock;
  }

  write(rows: readonly ReceiptRow[]): Promise<void> {
    return this.#env.write(() => this.apply(rows));
  }

  /** The write itself, for a transaction that is open. */
  apply(rows: readonly ReceiptRow[]): void {
    const nowMs = this.#clock.nowMs();
    for (const row of rows) {
      this.#raise(this.#member(this.#key, row).uuid(row.deviceId).bytes(), row.seq);
      this.#lower(this.#watermarks, this.#member(this.#key, row).bytes(), row.atMs);
      if (isKept(row.atMs, nowMs))
        this.#lower(this.#steps, this.#member(this.#key, row).ordered(row.seq).bytes(), row.atMs);
      if (row.seq % sweepEvery === 0) this.#sweep(row, nowMs);
    }
    this.#writes.add('receipts', rows.length);
  }

  #member(key: RowWriter, of: Pick<ReceiptRow, 'conversationId' | 'userId' | 'kind'>): RowWriter {
    return key.start().uuid(of.conversationId).uuid(of.userId).byte(receiptKinds.toByte(of.kind));
  }

  #raise(key: Buffer, seq: number): void {
    const stored = this.#watermarks.getBinaryFast(key);
    if (stored !== undefined && stored.readDoubleBE(0) >= seq) return;
    this.#watermarks.putSync(key, this.#value.start().number(seq).bytes());
  }

  #lower(database: RowDatabase, key: Buffer, atMs: number): void {
    const stored = database.getBinaryFast(key);
    if (stored !== undefined && stored.readDoubleBE(0) <= atMs) return;
    database.putSync(key, this.#value.start().number(atMs).bytes());
  }

  #sweep(row: ReceiptRow, nowMs: number): void {
    const start = this.#member(this.#key, row).copy();
    const expired: Buffer[] = [];
    for (const { key, value } of this.#steps.getRange({ start, end: endOfPrefix(start), limit: maxSwept })) {
      if (isKept(value.readDoubleBE(0), nowMs)) break;
      expired.push(key);
    }
    for (const key of expired) this.#steps.removeSync(key);
  }

  async watermarks(conversationId: string, userId: string): Promise<readonly DeviceWatermark[]> {
    const start = new RowWriter().uuid(conversationId).uuid(userId).copy();
    const found: DeviceWatermark[] = [];
    for (const { key, value } of this.#watermarks.getRange({ start, end: endOfPrefix(start) })) {
      if (key.length === memberBytes + 1) continue;
      const row = new RowReader(key, memberBytes);
      found.push({ kind: receiptKinds.fromByte(row.byte()), deviceId: row.uuid(), seq: value.readDoubleBE(0) });
    }
    return found;
  }

  reachedAt(conversationId: string, userId: string, kind: ReceiptKind, seq: number): Promise<number | null> {
    const member = this.#member(new RowWriter(), { conversationId, userId, kind }).copy();
    const at = this.#member(new RowWriter(), { conversationId, userId, kind }).ordered(seq).copy();
    let earliestMs: number | null = null;
    for (const { value } of this.#steps.getRange({ start: at, end: endOfPrefix(member) })) {
      const stepMs = value.readDoubleBE(0);
      if (earliestMs === null || stepMs < earliestMs) earliestMs = stepMs;
    }
    const sinceMs = this.#watermarks.getBinary(member)?.readDoubleBE(0) ?? null;
    const below = async (): Promise<number | null> => {
      for (const { value } of this.#steps.getRange({ start: at, end: member, reverse: true, exclusiveStart: true })) {
        return value.readDoubleBE(0);
      }
      return null;
    };
    return reachedAtOf({ earliestMs, sinceMs, below }, this.#clock.nowMs());
  }
}
