/**
 * Receipts as watermarks per member and device, with the time of each step (design rule 18).
 *
 * One partition per (conversation, user) holds the watermarks (written with their own value as the timestamp) and the steps
 * (seq → time, kept for `stepRetentionMs`), so that an advance is one mutation and "when did this member read 17" one look-up.
 */
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { ReceiptRow } from '@parley/streams/processors/ports';

/** Steps older than this are gone: declared in docs/GUARANTEES.md. */
export const stepRetentionMs = 90 * 86_400_000;

export interface DeviceWatermark {
  readonly deviceId: string;
  readonly kind: ReceiptKind;
  readonly seq: number;
}

export interface ReceiptStore {
  write(rows: readonly ReceiptRow[]): Promise<void>;
  /** Every device's watermarks of one member; the member's value is the maximum of a kind. */
  watermarks(conversationId: string, userId: string): Promise<readonly DeviceWatermark[]>;
  /** When the member's watermark of the kind first reached seq; null if it has not, or longer ago than steps are kept. */
  reachedAt(conversationId: string, userId: string, kind: ReceiptKind, seq: number): Promise<number | null>;
}
