/**
 * A preview that disappears, as CQL holds it: in a cell of its own that ends by its TTL, written together with its message's.
 *
 * It is that of the last message if both cells have the same write time; if not, another message has come since, with a preview that
 * stays or with none.
 */
import type { types } from 'cassandra-driver';
import { toMsOrNull, toTextOrNull } from '../cql/values.ts';

/** What a SELECT from inbox must name for `fadingPreviewOf`, beside `last_message`. */
export const fadingPreviewColumns =
  'WRITETIME(last_message) AS last_message_written, fading_preview, WRITETIME(fading_preview) AS fading_preview_written';

export interface FadingPreview {
  readonly text: string | null;
  readonly expiresAtMs: number;
}

/** Null if the last message has none, or it is over. */
export function fadingPreviewOf(row: types.Row, nowMs: number): FadingPreview | null {
  const stored = row['fading_preview'] as types.Tuple | null;
  if (stored === null || String(row['fading_preview_written']) !== String(row['last_message_written'])) return null;
  const [end, text] = stored.values() as unknown[];
  const expiresAtMs = toMsOrNull(end) ?? 0;
  return expiresAtMs > nowMs ? { text: toTextOrNull(text), expiresAtMs } : null;
}
