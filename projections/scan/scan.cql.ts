/** Scans a generation in CQL: whole tables in order of token, as every node holds them, a page at a time. */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { types } from 'cassandra-driver';
import type { CqlConnection, CqlStatement } from '../cql/connection.ts';
import { toMsOrNull, toTextOrNull, toUuid } from '../cql/values.ts';
import { fadingPreviewColumns, fadingPreviewOf } from '../inbox/fading-preview.cql.ts';
import { flagKinds } from '../inbox/store.ts';
import { isOver } from '../messages/store.ts';
import type { ReceiptStep } from '../reproducible.ts';
import { pagesOf } from './pages.cql.ts';
import { columnsOf, hidden, type ProjectionScan, type ScannedProjection, type ScannedRow } from './scan.ts';

const pageRows = 500;
type Row = types.Row;

interface TableScan {
  readonly columns: string;
  readonly partition: readonly string[];
  /** Rows of one partition: one at a time for those whose partition is one row. */
  readonly rowsOf: (rows: readonly Row[], token: bigint, nowMs: number) => ScannedRow[];
  readonly where: (key: ScannedRow['key']) => { readonly condition: string; readonly params: readonly unknown[] };
}

export class CqlScan implements ProjectionScan {
  readonly #connection: CqlConnection;
  readonly #timers: Timers;
  readonly #clock: Clock;

  constructor(connection: CqlConnection, timers: Timers, clock: Clock) {
    this.#clock = clock;
    this.#connection = connection;
    this.#timers = timers;
  }

  async *rows(projection: ScannedProjection): AsyncGenerator<readonly ScannedRow[]> {
    const { partition, rowsOf } = tables[projection];
    const nameOf = (row: Row): string => partition.map((column) => String(row[column])).join('/');
    // Rows of a partition come together, but a page may end within one.
    let kept: Row[] = [];
    for await (const page of pagesOf(this.#connection, this.#timers, selectFrom(projection, ''), pageRows)) {
      const found: ScannedRow[] = [];
      for (const row of page) {
        if (kept.length > 0 && nameOf(kept[0]!) !== nameOf(row)) {
          found.push(...rowsOf(kept, tokenOf(kept[0]!), this.#clock.nowMs()));
          kept = [];
        }
        kept.push(row);
        if (projection !== 'receipts' && projection !== 'members') {
          found.push(...rowsOf(kept, tokenOf(row), this.#clock.nowMs()));
          kept = [];
        }
      }
      yield found;
    }
    if (kept.length > 0) yield rowsOf(kept, tokenOf(kept[0]!), this.#clock.nowMs());
  }

  async get(projection: ScannedProjection, key: ScannedRow['key']): Promise<ScannedRow | null> {
    const { where, rowsOf } = tables[projection];
    const { condition, params } = where(key);
    const statement: CqlStatement = { query: selectFrom(projection, ` WHERE ${condition}`), params };
    const rows = await this.#connection.read(statement, Number.POSITIVE_INFINITY);
    if (rows.length === 0) return null;
    const name = key.join('/');
    return rowsOf(rows, tokenOf(rows[0]!), this.#clock.nowMs()).find((row) => row.key.join('/') === name) ?? null;
  }
}

const tokenOf = (row: Row): bigint => BigInt(String(row['partition_token']));

function selectFrom(projection: ScannedProjection, where: string): string {
  const { columns, partition } = tables[projection];
  return `SELECT token(${partition.join(', ')}) AS partition_token, ${columns} FROM ${projection}${where}`;
}

const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));
const bytes = (value: unknown): Uint8Array | null => (value instanceof Uint8Array ? value : null);
const time = (value: unknown): number | null => toMsOrNull(value);
const hiddenText = (value: unknown): Uint8Array | null => hidden(toTextOrNull(value));

/** As a UUID clusters: first by its version, then by its bytes. */
const uuidPlace = (uuid: string): string => `${uuid[14]}${uuid}`;
const numberPlace = (value: unknown): string => String(value).padStart(16, '0');

const one = (
  row: Row,
  key: ScannedRow['key'],
  place: ScannedRow['place'],
  columns: ScannedRow['columns'],
): ScannedRow[] => (row === undefined ? [] : [{ key, place, columns }]);

function memberRows(rows: readonly Row[], token: bigint): ScannedRow[] {
  const first = rows[0]!;
  const conversationId = String(first['conversation_id']);
  const found: ScannedRow[] = [];
  if (first['conversation_type'] !== null) {
    const buckets = ((first['buckets'] ?? []) as types.Tuple[]).map((tuple) => tuple.values());
    const columns = columnsOf({
      conversationType: text(first['conversation_type']),
      buckets: JSON.stringify(buckets),
      writeTimestampUs: text(first['conversation_written']),
    });
    found.push({ key: [conversationId], place: [token, conversationId], columns });
  }
  for (const row of rows) {
    if (row['user_id'] === null) continue; // Static columns without a row.
    const [userId, joinedSeq] = [String(row['user_id']), Number(row['joined_seq'])];
    found.push({
      key: [conversationId, userId, joinedSeq],
      place: [token, `${conversationId}/${uuidPlace(userId)}/${numberPlace(joinedSeq)}`],
      columns: columnsOf({
        leftSeq: text(row['left_seq']),
        role: text(row['role']),
        writeTimestampUs: text(row['written']),
      }),
    });
  }
  return found;
}

function receiptRows(rows: readonly Row[], token: bigint): ScannedRow[] {
  const first = rows[0]!;
  const [conversationId, userId] = [String(first['conversation_id']), String(first['user_id'])];
  const columns: Record<string, string> = {};
  for (const kind of ['delivered', 'read'] as const) {
    // `since` follows from the steps, and is as exact as they are.
    for (const [device, seq] of Object.entries((first[kind] ?? {}) as Record<string, types.Long>)) {
      columns[`${kind} by ${device}`] = String(seq);
    }
  }
  const steps: Record<ReceiptKind, ReceiptStep[]> = { delivered: [], read: [] };
  for (const row of rows) {
    const atMs = time(row['at']);
    if (row['kind'] !== null && atMs !== null)
      steps[row['kind'] as ReceiptKind].push({ seq: Number(row['seq']), atMs });
  }
  return [{ key: [conversationId, userId], place: [token, `${conversationId}/${userId}`], columns, steps }];
}

const uuids = (key: ScannedRow['key'], count: number): unknown[] => key.slice(0, count).map((id) => toUuid(String(id)));

const tables: Readonly<Record<ScannedProjection, TableScan>> = {
  messages: {
    columns: `conversation_id, bucket, sub_bucket, message_id, seq, ordinal, sender_id, sender_device_id, message_type, encrypted_body,
      preview, media_url, thumbnail_url, reply_to, target_id, created_at, payload_hash, system_change, mls_header,
      expires_at, WRITETIME(seq) AS written`,
    partition: ['conversation_id', 'bucket', 'sub_bucket'],
    rowsOf: ([row], token, nowMs) => {
      // Over, whether the engine has taken it away yet or not.
      if (isOver({ expiresAtMs: time(row!['expires_at']) }, nowMs)) return [];
      const messageId = String(row!['message_id']);
      const partition = [String(row!['conversation_id']), Number(row!['bucket']), Number(row!['sub_bucket'])];
      return one(row!, [...partition, messageId], [token, `${partition.join('/')}/${messageId}`], messageColumns(row!));
    },
    where: (key) => ({
      condition: 'conversation_id = ? AND bucket = ? AND sub_bucket = ? AND message_id = ?',
      params: [...uuids(key, 1), ...key.slice(1)],
    }),
  },
  members: {
    columns: `conversation_id, conversation_type, buckets, WRITETIME(conversation_type) AS conversation_written, user_id, joined_seq,
      left_seq, role, WRITETIME(role) AS written`,
    partition: ['conversation_id'],
    rowsOf: memberRows,
    where: (key) => ({ condition: 'conversation_id = ?', params: uuids(key, 1) }),
  },
  inbox: {
    columns: `user_id, conversation_id, conversation_type, other_user_id, last_seq, last_ordinal, last_message, own_ordinal, left_seq,
      ${fadingPreviewColumns}, read_seq, read_ordinal, cleared_seq, cleared_ordinal,
      ${flagKinds.map((kind) => `${kind}, WRITETIME(${kind}) AS ${kind}_version`).join(', ')}`,
    partition: ['user_id'],
    rowsOf: ([row], token, nowMs) => {
      const [userId, conversationId] = [String(row!['user_id']), String(row!['conversation_id'])];
      return one(
        row!,
        [userId, conversationId],
        [token, `${userId}/${uuidPlace(conversationId)}`],
        inboxColumns(row!, nowMs),
      );
    },
    where: (key) => ({ condition: 'user_id = ? AND conversation_id = ?', params: uuids(key, 2) }),
  },
  receipts: {
    columns: 'conversation_id, user_id, delivered, read, kind, seq, at',
    partition: ['conversation_id', 'user_id'],
    rowsOf: receiptRows,
    where: (key) => ({ condition: 'conversation_id = ? AND user_id = ?', params: uuids(key, 2) }),
  },
  fold_states: {
    columns: 'conversation_id, snapshot, log_offset, WRITETIME(snapshot) AS written',
    partition: ['conversation_id'],
    rowsOf: ([row], token) => {
      const conversationId = String(row!['conversation_id']);
      const columns = columnsOf({
        writeTimestampUs: text(row!['written']),
        offset: text(row!['log_offset']),
        snapshot: bytes(row!['snapshot']),
      });
      return one(row!, [conversationId], [token, conversationId], columns);
    },
    where: (key) => ({ condition: 'conversation_id = ?', params: uuids(key, 1) }),
  },
};

function messageColumns(row: Row): Record<string, string> {
  return columnsOf({
    seq: text(row['seq']),
    ordinal: text(row['ordinal']),
    senderId: text(row['sender_id']),
    senderDeviceId: text(row['sender_device_id']),
    messageType: text(row['message_type']),
    encryptedBody: bytes(row['encrypted_body']),
    preview: hiddenText(row['preview']),
    mediaUrl: hiddenText(row['media_url']),
    thumbnailUrl: hiddenText(row['thumbnail_url']),
    replyTo: text(row['reply_to']),
    targetId: text(row['target_id']),
    system: hiddenText(row['system_change']),
    mls: text(row['mls_header']),
    atMs: time(row['created_at']),
    expiresAtMs: time(row['expires_at']),
    payloadHash: bytes(row['payload_hash']),
    writeTimestampUs: text(row['written']),
  });
}

function inboxColumns(row: Row, nowMs: number): Record<string, string> {
  const [at, preview] = ((row['last_message'] as types.Tuple | null)?.values() ?? []) as unknown[];
  const fading = fadingPreviewOf(row, nowMs);
  return columnsOf({
    conversationType: text(row['conversation_type']),
    otherUserId: text(row['other_user_id']),
    lastSeq: text(row['last_seq']),
    lastOrdinal: text(row['last_ordinal']),
    lastMessageAtMs: time(at),
    lastMessagePreview: hiddenText(preview ?? fading?.text),
    previewExpiresAtMs: fading?.expiresAtMs ?? null,
    ownOrdinal: text(row['own_ordinal']),
    leftSeq: text(row['left_seq']),
    readSeq: text(row['read_seq']),
    readOrdinal: text(row['read_ordinal']),
    clearedSeq: text(row['cleared_seq']),
    clearedOrdinal: text(row['cleared_ordinal']),
    ...Object.fromEntries(
      flagKinds.flatMap((kind) => [
        [kind, text(row[kind])],
        [`${kind}Version`, text(row[`${kind}_version`])],
      ]),
    ),
  });
}
