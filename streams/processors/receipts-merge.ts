/**
 * Receipts of a batch as what is left of them: steps to be stored, and one advance for each member and kind to be told.
 *
 * A device's receipts of one kind are put in order of time and seq and thinned to the stairs that rise: what does not raise the
 * watermark is dropped, and of the steps of one second the highest is kept (design rule 18: coalesced per member and second). So
 * the result does not depend on the order of the records, and merging what was merged changes nothing.
 */
import type { ReceiptAdvanced, ReceiptKind } from '@parley/schemas/generated/events';
import type { ReceiptRow } from './ports.ts';

/** A member's highest watermark of the batch. */
export interface Advance {
  readonly conversationId: string;
  readonly userId: string;
  readonly kind: ReceiptKind;
  readonly seq: number;
  readonly atMs: number;
  /** The device that said so. */
  readonly deviceId: string;
}

export interface MergedReceipts {
  /** Rising per device and kind. */
  readonly rows: readonly ReceiptRow[];
  /** By conversation. */
  readonly advances: ReadonlyMap<string, readonly Advance[]>;
}

const secondMs = 1_000;

export function mergeReceipts(events: readonly ReceiptAdvanced[]): MergedReceipts {
  const byDevice = new Map<string, ReceiptAdvanced[]>();
  for (const event of events) {
    const key = `${event.conversation_id}/${event.user_id}/${event.device_id}/${event.kind}`;
    const list = byDevice.get(key);
    if (list === undefined) byDevice.set(key, [event]);
    else list.push(event);
  }
  const rows: ReceiptRow[] = [];
  for (const list of byDevice.values()) rows.push(...stairs(list));
  return { rows, advances: highest(rows) };
}

function stairs(events: ReceiptAdvanced[]): ReceiptRow[] {
  events.sort((one, other) => one.at_ms - other.at_ms || one.seq - other.seq || one.ordinal - other.ordinal);
  const rows: ReceiptRow[] = [];
  for (const event of events) {
    const last = rows.at(-1);
    if (last !== undefined && event.seq <= last.seq) continue;
    const row: ReceiptRow = {
      conversationId: event.conversation_id,
      userId: event.user_id,
      deviceId: event.device_id,
      kind: event.kind,
      seq: event.seq,
      ordinal: event.ordinal,
      atMs: event.at_ms,
    };
    const isSameSecond = last !== undefined && Math.floor(last.atMs / secondMs) === Math.floor(row.atMs / secondMs);
    if (isSameSecond) rows[rows.length - 1] = row;
    else rows.push(row);
  }
  return rows;
}

function highest(rows: readonly ReceiptRow[]): Map<string, Advance[]> {
  const byMember = new Map<string, ReceiptRow>();
  for (const row of rows) {
    const key = `${row.conversationId}/${row.userId}/${row.kind}`;
    const known = byMember.get(key);
    if (known === undefined || isHigher(row, known)) byMember.set(key, row);
  }
  const advances = new Map<string, Advance[]>();
  for (const { conversationId, userId, kind, seq, atMs, deviceId } of byMember.values()) {
    const list = advances.get(conversationId);
    const advance: Advance = { conversationId, userId, kind, seq, atMs, deviceId };
    if (list === undefined) advances.set(conversationId, [advance]);
    else list.push(advance);
  }
  return advances;
}

/** Of the same seq on two devices the earlier counts, then the smaller device id, so that the order of records does not matter. */
function isHigher(row: ReceiptRow, than: ReceiptRow): boolean {
  if (row.seq !== than.seq) return row.seq > than.seq;
  if (row.atMs !== than.atMs) return row.atMs < than.atMs;
  return row.deviceId < than.deviceId;
}
