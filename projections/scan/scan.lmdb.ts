/** Scans a generation in LMDB in the order of its keys, some hundred rows at a time, so that no read transaction stays open for long. */
import type { Clock } from '@parley/schemas/environment/clock';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import { messageIdLength } from '@parley/schemas/identity/message-id';
import { hasFaded, readEntry } from '../inbox/entry-bytes.ts';
import { conversationTypes, receiptKinds } from '../lmdb/enum-bytes.ts';
import type { ProjectionEnv, RowDatabase } from '../lmdb/env.ts';
import { endOfPrefix, RowReader, RowWriter } from '../lmdb/row-bytes.ts';
import { uuidBytes } from '../lmdb/uuid-bytes.ts';
import { readBuckets, readInterval } from '../members/store.lmdb.ts';
import { mlsText } from '../messages/mls-text.ts';
import { readMessageRow } from '../messages/store.lmdb.ts';
import { isOver } from '../messages/store.ts';
import { systemText } from '../messages/system-text.ts';
import type { ReceiptStep } from '../reproducible.ts';
import { columnsOf, hidden, type ProjectionScan, type ScannedProjection, type ScannedRow } from './scan.ts';

interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const pageRows = 500;
const memberBytes = 2 * uuidBytes;

/** The end of this turn of the event loop: the next read sees what others committed meanwhile. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export class LmdbScan implements ProjectionScan {
  readonly #databases: Readonly<Record<ScannedProjection | 'steps', RowDatabase>>;
  readonly #clock: Clock;

  constructor(env: ProjectionEnv, clock: Clock) {
    this.#clock = clock;
    this.#databases = {
      messages: env.database('messages'),
      members: env.database('members'),
      inbox: env.database('inbox'),
      receipts: env.database('receipt_watermarks'),
      steps: env.database('receipt_steps'),
      fold_states: env.database('fold_states'),
    };
  }

  async *rows(projection: ScannedProjection): AsyncGenerator<readonly ScannedRow[]> {
    let after: Buffer | null = null;
    for (;;) {
      const page = this.#page(projection, after);
      if (page.length === 0) return;
      after = page.at(-1)!.last;
      yield page.flatMap(({ row }) => (row === null ? [] : [row]));
      await turn();
    }
  }

  async get(projection: ScannedProjection, key: ScannedRow['key']): Promise<ScannedRow | null> {
    await turn();
    const bytes = keyBytes(projection, key);
    if (projection === 'receipts') return this.#receipts(bytes);
    const value = this.#databases[projection].getBinary(bytes);
    return value === undefined ? null : readers[projection]({ key: bytes, value }, this.#clock.nowMs());
  }

  /** Null for a row that is over, whether its bytes are still there or not. */
  #page(
    projection: ScannedProjection,
    after: Buffer | null,
  ): { readonly row: ScannedRow | null; readonly last: Buffer }[] {
    if (projection === 'receipts') return this.#receiptsPage(after);
    const start = after ?? Buffer.alloc(0);
    const nowMs = this.#clock.nowMs();
    const found: { row: ScannedRow | null; last: Buffer }[] = [];
    const options = { start, exclusiveStart: after !== null, limit: pageRows };
    for (const { key, value } of this.#databases[projection].getRange(options)) {
      found.push({ row: readers[projection]({ key, value }, nowMs), last: key });
    }
    return found;
  }

  /** Members whose watermarks, or steps, come after a key: the lesser of the two next ones, again and again. */
  #receiptsPage(after: Buffer | null): { readonly row: ScannedRow; readonly last: Buffer }[] {
    const found: { row: ScannedRow; last: Buffer }[] = [];
    let start = after === null ? Buffer.alloc(0) : endOfPrefix(after);
    while (found.length < pageRows) {
      const next = [this.#databases.receipts, this.#databases.steps]
        .map((database) => this.#firstFrom(database, start))
        .filter((key) => key !== null)
        .sort(Buffer.compare)[0];
      if (next === undefined) break;
      const member = Buffer.from(next.subarray(0, memberBytes));
      found.push({ row: this.#receipts(member)!, last: member });
      start = endOfPrefix(member);
    }
    return found;
  }

  #firstFrom(database: RowDatabase, start: Buffer): Buffer | null {
    for (const key of database.getKeys({ start, limit: 1 })) return key;
    return null;
  }

  #receipts(member: Buffer): ScannedRow | null {
    const range = { start: member, end: endOfPrefix(member) };
    const columns: Record<string, string> = {};
    for (const { key, value } of this.#databases.receipts.getRange(range)) {
      const row = new RowReader(key, memberBytes);
      const kind = receiptKinds.fromByte(row.byte());
      // `since` follows from the steps, and is as exact as they are.
      if (key.length > memberBytes + 1) columns[`${kind} by ${row.uuid()}`] = String(value.readDoubleBE(0));
    }
    const steps: Record<ReceiptKind, ReceiptStep[]> = { delivered: [], read: [] };
    for (const { key, value } of this.#databases.steps.getRange(range)) {
      const row = new RowReader(key, memberBytes);
      steps[receiptKinds.fromByte(row.byte())].push({ seq: row.ordered(), atMs: value.readDoubleBE(0) });
    }
    if (Object.keys(columns).length + steps.delivered.length + steps.read.length === 0) return null;
    const ids = new RowReader(member);
    return { key: [ids.uuid(), ids.uuid()], place: placeOf(member), columns, steps };
  }
}

const placeOf = (key: Buffer): ScannedRow['place'] => [0n, key.toString('latin1')];

type RowReaderOf = (entry: Entry, nowMs: number) => ScannedRow | null;

const readers: Readonly<Record<Exclude<ScannedProjection, 'receipts'>, RowReaderOf>> = {
  messages: ({ key, value }, nowMs) => {
    const { conversationId, bucket, subBucket, messageId, preview, mediaUrl, thumbnailUrl, system, mls, ...row } =
      readMessageRow(key, value);
    if (isOver(row, nowMs)) return null;
    const urls = { mediaUrl: hidden(mediaUrl), thumbnailUrl: hidden(thumbnailUrl) };
    return {
      key: [conversationId, bucket, subBucket, messageId],
      place: placeOf(key),
      columns: columnsOf({
        ...row,
        ...urls,
        preview: hidden(preview),
        system: hidden(system === null ? null : systemText(system)),
        mls: mls === null ? null : mlsText(mls),
      }),
    };
  },
  members: ({ key, value }) => {
    const ids = new RowReader(key);
    const conversationId = ids.uuid();
    const row = new RowReader(value);
    const writeTimestampUs = row.number();
    if (key.length === uuidBytes) {
      const conversationType = conversationTypes.fromByte(row.byte());
      const buckets = JSON.stringify(readBuckets(row));
      const columns = columnsOf({ conversationType, buckets, writeTimestampUs });
      return { key: [conversationId], place: placeOf(key), columns };
    }
    const userId = ids.uuid();
    const { joinedSeq, ...rest } = readInterval(key, memberBytes, value);
    return {
      key: [conversationId, userId, joinedSeq],
      place: placeOf(key),
      columns: columnsOf({ ...rest, writeTimestampUs }),
    };
  },
  inbox: ({ key, value }, nowMs) => {
    const ids = new RowReader(key);
    const entry = readEntry(value);
    const { baseUs, lastMessageUs, ownUs, leftUs, lastMessagePreview, previewExpiresAtMs, flags, ...values } = entry;
    const isFading = previewExpiresAtMs > 0 && !hasFaded(entry, nowMs);
    // Write timestamps are not reproduced; whether a group of columns was ever written is.
    const written = { base: baseUs > 0, lastMessage: lastMessageUs > 0, own: ownUs > 0, left: leftUs > 0 };
    const columns = columnsOf({
      ...values,
      lastMessagePreview: hasFaded(entry, nowMs) ? null : hidden(lastMessagePreview),
      previewExpiresAtMs: isFading ? previewExpiresAtMs : null,
      // A mark's version is of the log, and reproduced.
      flags: JSON.stringify(flags),
      written: JSON.stringify(written),
    });
    return { key: [ids.uuid(), ids.uuid()], place: placeOf(key), columns };
  },
  fold_states: ({ key, value }) => {
    const row = new RowReader(value);
    const columns = columnsOf({ writeTimestampUs: row.number(), offset: row.number(), snapshot: row.blob() });
    return { key: [new RowReader(key).uuid()], place: placeOf(key), columns };
  },
};

function keyBytes(projection: ScannedProjection, key: ScannedRow['key']): Buffer {
  const writer = new RowWriter();
  const [first, second, third, fourth] = key;
  writer.uuid(String(first));
  if (projection === 'messages')
    return writer.count(Number(second)).count(Number(third)).ascii(String(fourth).slice(0, messageIdLength)).copy();
  if (second !== undefined) writer.uuid(String(second));
  if (third !== undefined) writer.ordered(Number(third));
  return writer.copy();
}
