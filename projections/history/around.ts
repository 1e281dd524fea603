/**
 * Reads what stands around a message: it is found by its id, the rest by its seq and T as any other page.
 *
 * With `mediaOnly` pages are read one after another, and what is no media is left out, until there is enough of it or so many pages
 * were looked through. The answer covers what was looked through: a seq absent inside it is no media, or final as in any page.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { MessageType } from '@parley/schemas/generated/events';
import type { MessageRow } from '@parley/streams/conversation/rows';
import { readBackward } from './backward.ts';
import { readForward } from './forward.ts';
import type { HistoryPage } from './reader.ts';
import { isShown, type Reading } from './reading.ts';

export interface AroundQuery {
  readonly conversationId: string;
  /** Null: behind the newest. */
  readonly messageId: string | null;
  /** At most so many rows before it, and after it. */
  readonly before: number;
  readonly after: number;
  readonly mediaOnly: boolean;
}

export interface AroundPage extends HistoryPage {
  /** Of the message; behind the newest, one above the last. */
  readonly anchorSeq: number;
}

const media: ReadonlySet<MessageType> = new Set(['image', 'video', 'audio', 'document']);
/** Of one direction, when most of a conversation is no media. */
const maxMediaPages = 5;
const mediaPageRows = 200;

type Half = Pick<HistoryPage, 'coveredFrom' | 'coveredTo' | 'coveredToAtMs' | 'rows'>;
type Anchor = Pick<MessageRow, 'seq' | 'atMs'>;

/** How one direction is read. */
interface Wanted {
  readonly rows: number;
  readonly pageRows: number;
  readonly pages: number;
  readonly isAsked: (row: MessageRow) => boolean;
}

export async function readAround(reading: Reading, query: AroundQuery): Promise<AroundPage> {
  const { conversationId, lastSeq } = reading;
  const wanted = (rows: number): Wanted =>
    query.mediaOnly
      ? { rows, pageRows: mediaPageRows, pages: maxMediaPages, isAsked: ({ messageType }) => media.has(messageType) }
      : { rows, pageRows: rows, pages: 1, isAsked: () => true };
  const row = query.messageId === null ? null : await find(reading, query.messageId);
  const anchor = row ?? { seq: lastSeq + 1, atMs: 0 };
  const at = row?.seq ?? lastSeq;
  const nothing: Half = { coveredFrom: anchor.seq, coveredTo: at, coveredToAtMs: anchor.atMs, rows: [] };
  const older = query.before === 0 ? nothing : await before(reading, anchor, wanted(query.before));
  const newer =
    query.after === 0 || row === null
      ? { ...nothing, coveredToAtMs: row?.atMs ?? older.coveredToAtMs }
      : await after(reading, anchor, wanted(query.after));
  if (row !== null && !isShown(reading, await reading.intervalsNow(), row)) throw new ParleyError('not_found');
  const { coveredFrom } = older;
  const { coveredTo, coveredToAtMs } = newer;
  const middle = row !== null && wanted(1).isAsked(row) ? [row] : [];
  return {
    anchorSeq: anchor.seq,
    ...{ conversationId, coveredFrom, coveredTo, coveredToAtMs, lastSeq },
    more: coveredFrom > 1 || coveredTo < lastSeq,
    rows: [...older.rows, ...middle, ...newer.rows],
  };
}

/** @throws ParleyError `not_found` */
async function find(reading: Reading, id: string) {
  const { messages, conversationId, buckets, lastSeq, intervals } = reading;
  const row = await messages.find(conversationId, id, buckets);
  if (row === null || row.seq > lastSeq || !isShown(reading, intervals, row)) throw new ParleyError('not_found');
  return row;
}

async function before(reading: Reading, anchor: Anchor, wanted: Wanted): Promise<Half> {
  const limit = wanted.pageRows;
  const { conversationId } = reading;
  let [beforeSeq, beforeAtMs] = [anchor.seq, anchor.atMs];
  let first: HistoryPage | null = null;
  let rows: MessageRow[] = [];
  for (let pages = 0; pages < wanted.pages && rows.length < wanted.rows && beforeSeq > 1; pages++) {
    const page = await readBackward({ ...reading, limit }, { conversationId, beforeSeq, beforeAtMs, limit });
    first ??= page;
    rows = [...page.rows.filter(wanted.isAsked), ...rows];
    beforeSeq = page.coveredFrom;
    beforeAtMs = page.rows[0]?.atMs ?? beforeAtMs;
  }
  const kept = rows.slice(Math.max(0, rows.length - wanted.rows));
  const coveredFrom = kept.length < rows.length ? kept[0]!.seq : beforeSeq;
  return { coveredFrom, coveredTo: anchor.seq - 1, coveredToAtMs: first?.coveredToAtMs ?? anchor.atMs, rows: kept };
}

async function after(reading: Reading, anchor: Anchor, wanted: Wanted): Promise<Half> {
  const limit = wanted.pageRows;
  const { conversationId, lastSeq } = reading;
  let [afterSeq, afterAtMs] = [anchor.seq, anchor.atMs];
  let rows: MessageRow[] = [];
  for (let pages = 0; pages < wanted.pages && rows.length < wanted.rows && afterSeq < lastSeq; pages++) {
    const page = await readForward({ ...reading, limit }, { conversationId, afterSeq, afterAtMs, limit });
    rows = [...rows, ...page.rows.filter(wanted.isAsked)];
    [afterSeq, afterAtMs] = [page.coveredTo, page.coveredToAtMs];
  }
  const kept = rows.slice(0, wanted.rows);
  const last = kept.length < rows.length ? kept.at(-1)! : null;
  const coveredTo = last?.seq ?? afterSeq;
  return { coveredFrom: anchor.seq, coveredTo, coveredToAtMs: last?.atMs ?? afterAtMs, rows: kept };
}
