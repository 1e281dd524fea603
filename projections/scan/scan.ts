/**
 * Reads a generation of the projections from end to end, row by row, so that two generations can be compared.
 *
 * Rows come in an order that is the adapter's own and the same for every generation, a page at a time: a scan holds no more in memory
 * and no snapshot of the store, so a row may have changed since. A row's columns are texts, for comparing and for showing; what users
 * wrote, and keys, appear only as a digest.
 */
import { createHash } from 'node:crypto';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { ReceiptStep } from '../reproducible.ts';

export const scannedProjections = ['messages', 'members', 'inbox', 'receipts', 'fold_states'] as const;
export type ScannedProjection = (typeof scannedProjections)[number];

export interface ScannedRow {
  /**
   * messages: conversation, bucket, sub-bucket, message. members: conversation, user, joined seq; or the conversation alone, for its own
   * columns. inbox: user, conversation. receipts: conversation, user. fold_states: conversation.
   */
  readonly key: readonly (string | number)[];
  /** Where it stands in the scan: first by number, then by text. */
  readonly place: readonly [bigint, string];
  readonly columns: Readonly<Record<string, string>>;
  /** Of receipts only: reproduced within limits (reproducible.ts), so not among the columns. */
  readonly steps?: Readonly<Record<ReceiptKind, readonly ReceiptStep[]>>;
}

export interface ProjectionScan {
  rows(projection: ScannedProjection): AsyncIterable<readonly ScannedRow[]>;
  /** The row as it is now. */
  get(projection: ScannedProjection, key: ScannedRow['key']): Promise<ScannedRow | null>;
}

export function comparePlaces(
  [number, text]: ScannedRow['place'],
  [otherNumber, otherText]: ScannedRow['place'],
): number {
  if (number !== otherNumber) return number < otherNumber ? -1 : 1;
  if (text === otherText) return 0;
  return text < otherText ? -1 : 1;
}

/** The conversation that a row is about. */
export function conversationOf(projection: ScannedProjection, key: ScannedRow['key']): string {
  return String(projection === 'inbox' ? key[1] : key[0]);
}

const digestCharacters = 24;

/** Stands for bytes that are nobody's to see: equal for equal bytes alone. */
export function digest(bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, digestCharacters);
  return `${bytes.length} bytes, sha256 ${hash}`;
}

/** The columns of a row that are not null. */
export function columnsOf(
  values: Readonly<Record<string, string | number | Uint8Array | null>>,
): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== null) columns[name] = value instanceof Uint8Array ? digest(value) : String(value);
  }
  return columns;
}

/** A text that is nobody's to see. */
export function hidden(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text);
}
