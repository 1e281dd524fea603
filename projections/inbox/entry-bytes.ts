/**
 * An inbox row as LMDB holds it: each group of columns that is always written together, with the write timestamp of its last
 * write. A group that was never written has timestamp 0. Watermarks are their own timestamp; a mark's is its version.
 */
import type { ConversationType } from '@parley/schemas/generated/state';
import type { InboxRow } from '@parley/streams/conversation/rows';
import type { PersonalMark } from '@parley/streams/processors/ports';
import { conversationTypes } from '../lmdb/enum-bytes.ts';
import { RowReader, type RowWriter } from '../lmdb/row-bytes.ts';
import { type Flag, type FlagKind, flagKinds, type InboxEntry, type ReadMark, shownMessage } from './store.ts';

const noUuid = '00000000-0000-0000-0000-000000000000';
/** Stands for "is a member". */
const notLeft = -1;

export interface StoredEntry {
  baseUs: number;
  conversationType: ConversationType;
  otherUserId: string;
  lastSeq: number;
  lastOrdinal: number;
  lastMessageUs: number;
  lastMessageAtMs: number;
  ownUs: number;
  ownOrdinal: number;
  leftUs: number;
  leftSeq: number;
  readSeq: number;
  readOrdinal: number;
  clearedSeq: number;
  clearedOrdinal: number;
  /** In the order of `flagKinds`; version 0: never set. */
  readonly flags: { value: number; version: number }[];
  lastMessagePreview: string | null;
  /** When the preview disappears; 0: never. */
  previewExpiresAtMs: number;
}

export function emptyEntry(): StoredEntry {
  return {
    baseUs: 0,
    conversationType: 'one_on_one',
    otherUserId: noUuid,
    lastSeq: 0,
    lastOrdinal: 0,
    lastMessageUs: 0,
    lastMessageAtMs: 0,
    ownUs: 0,
    ownOrdinal: 0,
    leftUs: 0,
    leftSeq: notLeft,
    readSeq: 0,
    readOrdinal: 0,
    clearedSeq: 0,
    clearedOrdinal: 0,
    flags: flagKinds.map(() => ({ value: 0, version: 0 })),
    lastMessagePreview: null,
    previewExpiresAtMs: 0,
  };
}

export function readEntry(value: Buffer): StoredEntry {
  const row = new RowReader(value);
  return {
    baseUs: row.number(),
    conversationType: conversationTypes.fromByte(row.byte()),
    otherUserId: row.uuid(),
    lastSeq: row.number(),
    lastOrdinal: row.number(),
    lastMessageUs: row.number(),
    lastMessageAtMs: row.number(),
    ownUs: row.number(),
    ownOrdinal: row.number(),
    leftUs: row.number(),
    leftSeq: row.number(),
    readSeq: row.number(),
    readOrdinal: row.number(),
    clearedSeq: row.number(),
    clearedOrdinal: row.number(),
    flags: flagKinds.map(() => ({ value: row.number(), version: row.number() })),
    lastMessagePreview: row.text(),
    previewExpiresAtMs: row.number(),
  };
}

export function writeEntry(value: RowWriter, entry: StoredEntry): Buffer {
  value
    .start()
    .number(entry.baseUs)
    .byte(conversationTypes.toByte(entry.conversationType))
    .uuid(entry.otherUserId)
    .number(entry.lastSeq)
    .number(entry.lastOrdinal)
    .number(entry.lastMessageUs)
    .number(entry.lastMessageAtMs)
    .number(entry.ownUs)
    .number(entry.ownOrdinal)
    .number(entry.leftUs)
    .number(entry.leftSeq)
    .number(entry.readSeq)
    .number(entry.readOrdinal)
    .number(entry.clearedSeq)
    .number(entry.clearedOrdinal);
  for (const flag of entry.flags) value.number(flag.value).number(flag.version);
  return value.text(entry.lastMessagePreview).number(entry.previewExpiresAtMs).bytes();
}

/** Last write wins, group by group. True if anything changed. */
export function mergeRow(entry: StoredEntry, row: InboxRow): boolean {
  const us = row.writeTimestampUs;
  let changed = false;
  if (us > entry.baseUs) {
    entry.baseUs = us;
    entry.conversationType = row.conversationType;
    entry.otherUserId = row.otherUserId ?? noUuid;
    entry.lastSeq = row.lastSeq;
    entry.lastOrdinal = row.lastOrdinal;
    changed = true;
  }
  if (row.lastMessage !== undefined && us > entry.lastMessageUs) {
    entry.lastMessageUs = us;
    entry.lastMessageAtMs = row.lastMessage.atMs;
    entry.lastMessagePreview = row.lastMessage.preview;
    entry.previewExpiresAtMs = row.lastMessage.expiresAtMs ?? 0;
    changed = true;
  }
  if (row.ownOrdinal !== undefined && us > entry.ownUs) {
    entry.ownUs = us;
    entry.ownOrdinal = row.ownOrdinal;
    changed = true;
  }
  if (row.leftSeq !== undefined && us > entry.leftUs) {
    entry.leftUs = us;
    entry.leftSeq = row.leftSeq ?? notLeft;
    changed = true;
  }
  return changed;
}

/** The greater seq wins, and the greater ordinal at a tie, as in CQL. True if it changed. */
export function mergeMark(entry: StoredEntry, mark: ReadMark): boolean {
  if (mark.readSeq < entry.readSeq) return false;
  if (mark.readSeq === entry.readSeq && mark.readOrdinal <= entry.readOrdinal) return false;
  entry.readSeq = mark.readSeq;
  entry.readOrdinal = mark.readOrdinal;
  return true;
}

/** The greatest version wins, and the greater value at a tie, as in CQL. True if anything changed. */
export function mergePersonal(entry: StoredEntry, { kind, userId, conversationId, ...mark }: PersonalMark): boolean {
  if (kind === 'read') {
    return mergeMark(entry, { userId, conversationId, readSeq: mark.value, readOrdinal: mark.ordinal });
  }
  if (kind === 'cleared') {
    if (mark.value < entry.clearedSeq) return false;
    if (mark.value === entry.clearedSeq && mark.ordinal <= entry.clearedOrdinal) return false;
    entry.clearedSeq = mark.value;
    entry.clearedOrdinal = mark.ordinal;
    return true;
  }
  const flag = entry.flags[flagKinds.indexOf(kind)]!;
  if (mark.version < flag.version || (mark.version === flag.version && mark.value <= flag.value)) return false;
  flag.value = mark.value;
  flag.version = mark.version;
  return true;
}

function flagsOf({ flags }: StoredEntry): Partial<Record<FlagKind, Flag>> {
  const found: Partial<Record<FlagKind, Flag>> = {};
  flagKinds.forEach((kind, index) => {
    if (flags[index]!.version > 0) found[kind] = flags[index]!;
  });
  return found;
}

/** True if the preview has disappeared (design rule 23). */
export function hasFaded({ previewExpiresAtMs }: StoredEntry, nowMs: number): boolean {
  return previewExpiresAtMs > 0 && previewExpiresAtMs <= nowMs;
}

/** As readers see it; null where only the receipts processor has written. */
export function toInboxEntry(conversationId: string, entry: StoredEntry, nowMs: number): InboxEntry | null {
  if (entry.baseUs === 0) return null;
  const preview = hasFaded(entry, nowMs) ? null : entry.lastMessagePreview;
  const stored = { preview, atMs: entry.lastMessageAtMs };
  const lastMessage = entry.lastMessageUs > 0 ? shownMessage(stored, entry) : null;
  return {
    conversationId,
    conversationType: entry.conversationType,
    otherUserId: entry.otherUserId === noUuid ? null : entry.otherUserId,
    lastMessagePreview: lastMessage?.preview ?? null,
    lastMessageAtMs: lastMessage?.atMs ?? null,
    lastSeq: entry.lastSeq,
    lastOrdinal: entry.lastOrdinal,
    ownOrdinal: entry.ownOrdinal,
    leftSeq: entry.leftSeq === notLeft ? null : entry.leftSeq,
    readSeq: entry.readSeq,
    readOrdinal: entry.readOrdinal,
    clearedSeq: entry.clearedSeq,
    clearedOrdinal: entry.clearedOrdinal,
    flags: flagsOf(entry),
  };
}
