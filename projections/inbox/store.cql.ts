/**
 * Conversation lists in CQL: a partition per user. Columns of chat.messages carry the event's write timestamp; read_seq and
 * read_ordinal carry read_seq, so that the last write is the maximum, and the same goes for what is cleared; a flag carries its
 * version. Being a member again is left_seq 0, not null.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { ConversationType } from '@parley/schemas/generated/state';
import type { InboxRow, LastMessage } from '@parley/streams/conversation/rows';
import type { PersonalMark } from '@parley/streams/processors/ports';
import { types } from 'cassandra-driver';
import type { CqlSession, CqlStatement } from '../cql/connection.ts';
import { PartitionWrites } from '../cql/partition-writes.ts';
import { ttlSeconds } from '../cql/ttl.ts';
import { fromUuid, orUnset, toMsOrNull, toNumber, toNumberOr, toTextOrNull, toUuid } from '../cql/values.ts';
import type { StoreWrites } from '../store-writes.ts';
import { fadingPreviewColumns, fadingPreviewOf } from './fading-preview.cql.ts';
import {
  type Flag,
  type FlagKind,
  flagKinds,
  type InboxEntry,
  type InboxStore,
  type ReadMark,
  shownMessage,
} from './store.ts';
import { withoutSuperseded } from './superseded.ts';

const isMember = 0;
const rowBytes = 512;
const selected = `conversation_id, conversation_type, other_user_id, last_seq, last_ordinal, last_message, own_ordinal,
  left_seq, read_seq, read_ordinal, cleared_seq, cleared_ordinal,
  ${fadingPreviewColumns},
  ${flagKinds.map((kind) => `${kind}, WRITETIME(${kind}) AS ${kind}_version`).join(', ')}`;
const ofRow = 'user_id = ? AND conversation_id = ?';

export const inboxStatements = {
  write: `INSERT INTO inbox (user_id, conversation_id, conversation_type, other_user_id, last_seq, last_ordinal,
    last_message, own_ordinal, left_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  fade: `UPDATE inbox USING TIMESTAMP ? AND TTL ? SET fading_preview = ? WHERE ${ofRow}`,
  markRead: `UPDATE inbox USING TIMESTAMP ? SET read_seq = ?, read_ordinal = ? WHERE ${ofRow}`,
  clear: `UPDATE inbox USING TIMESTAMP ? SET cleared_seq = ?, cleared_ordinal = ? WHERE ${ofRow}`,
  flag: {
    pinned: `UPDATE inbox USING TIMESTAMP ? SET pinned = ? WHERE ${ofRow}`,
    archived: `UPDATE inbox USING TIMESTAMP ? SET archived = ? WHERE ${ofRow}`,
    muted: `UPDATE inbox USING TIMESTAMP ? SET muted = ? WHERE ${ofRow}`,
    unread: `UPDATE inbox USING TIMESTAMP ? SET unread = ? WHERE ${ofRow}`,
  },
  get: `SELECT ${selected} FROM inbox WHERE ${ofRow}`,
  list: `SELECT ${selected} FROM inbox WHERE user_id = ? LIMIT ?`,
  listAfter: `SELECT ${selected} FROM inbox WHERE user_id = ? AND conversation_id > ? LIMIT ?`,
} as const;

/** A preview that disappears is kept apart, in a cell that ends by itself. */
function lastMessageTuple({ atMs, preview, expiresAtMs }: LastMessage): types.Tuple {
  return new types.Tuple(atMs, expiresAtMs === undefined ? preview : null);
}

function fadeStatement(row: InboxRow, nowMs: number): CqlStatement[] {
  const { preview, expiresAtMs } = row.lastMessage ?? {};
  if (expiresAtMs === undefined || expiresAtMs <= nowMs) return [];
  const fading = new types.Tuple(expiresAtMs, preview);
  const key = [toUuid(row.userId), toUuid(row.conversationId)];
  return [
    { query: inboxStatements.fade, params: [row.writeTimestampUs, ttlSeconds(expiresAtMs, nowMs), fading, ...key] },
  ];
}

/** What a row does not bring is left unset: an unset value writes nothing. */
function writeStatement(row: InboxRow): CqlStatement {
  const { lastMessage, ownOrdinal, leftSeq } = row;
  const left = leftSeq === undefined ? types.unset : (leftSeq ?? isMember);
  return {
    query: inboxStatements.write,
    params: [
      toUuid(row.userId),
      toUuid(row.conversationId),
      row.conversationType,
      orUnset(row.otherUserId === null ? null : toUuid(row.otherUserId)),
      row.lastSeq,
      row.lastOrdinal,
      lastMessage === undefined ? types.unset : lastMessageTuple(lastMessage),
      ownOrdinal ?? types.unset,
      left,
      row.writeTimestampUs,
    ],
  };
}

function markStatement({ userId, conversationId, readSeq, readOrdinal }: ReadMark): CqlStatement {
  const key = [toUuid(userId), toUuid(conversationId)];
  return { query: inboxStatements.markRead, params: [readSeq, readSeq, readOrdinal, ...key] };
}

/** Of `cleared` and `read` the value is the timestamp, so that the last write is the maximum. */
function personalStatement({ kind, value, ordinal, version, ...of }: PersonalMark): CqlStatement {
  if (kind === 'read') return markStatement({ ...of, readSeq: value, readOrdinal: ordinal });
  const key = [toUuid(of.userId), toUuid(of.conversationId)];
  if (kind === 'cleared') return { query: inboxStatements.clear, params: [value, value, ordinal, ...key] };
  return { query: inboxStatements.flag[kind], params: [version, value, ...key] };
}

function flagsOf(row: types.Row): Partial<Record<FlagKind, Flag>> {
  const flags: Partial<Record<FlagKind, Flag>> = {};
  for (const kind of flagKinds) {
    if (row[kind] === null) continue;
    flags[kind] = { value: toNumber(row[kind]), version: toNumber(row[`${kind}_version`]) };
  }
  return flags;
}

/** Null for a row that only markRead has touched. */
function fromRow(row: types.Row, nowMs: number): InboxEntry | null {
  if (row['conversation_type'] === null) return null;
  const lastOrdinal = toNumber(row['last_ordinal']);
  const [clearedSeq, clearedOrdinal] = [toNumberOr(row['cleared_seq'], 0), toNumberOr(row['cleared_ordinal'], 0)];
  const stored = row['last_message'] as types.Tuple | null;
  const lastMessage = stored === null ? null : shownMessage(stored, { lastOrdinal, clearedSeq, clearedOrdinal });
  const [at, preview] = (lastMessage?.values() ?? []) as unknown[];
  const leftSeq = toNumberOr(row['left_seq'], isMember);
  return {
    conversationId: fromUuid(row['conversation_id']),
    conversationType: row['conversation_type'] as ConversationType,
    otherUserId: row['other_user_id'] === null ? null : fromUuid(row['other_user_id']),
    lastMessagePreview:
      lastMessage === null ? null : (toTextOrNull(preview) ?? fadingPreviewOf(row, nowMs)?.text ?? null),
    lastMessageAtMs: toMsOrNull(at),
    lastSeq: toNumber(row['last_seq']),
    lastOrdinal,
    ownOrdinal: toNumberOr(row['own_ordinal'], 0),
    leftSeq: leftSeq === isMember ? null : leftSeq,
    readSeq: toNumberOr(row['read_seq'], 0),
    readOrdinal: toNumberOr(row['read_ordinal'], 0),
    clearedSeq,
    clearedOrdinal,
    flags: flagsOf(row),
  };
}

export class CqlInboxStore implements InboxStore {
  readonly #session: CqlSession;
  readonly #writes: StoreWrites;
  readonly #clock: Clock;

  constructor(session: CqlSession, writes: StoreWrites, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    this.#writes = writes;
  }

  async write(rows: readonly InboxRow[]): Promise<void> {
    const writes = new PartitionWrites();
    const nowMs = this.#clock.nowMs();
    for (const row of withoutSuperseded(rows)) {
      writes.add(row.userId, [writeStatement(row), ...fadeStatement(row, nowMs)], rowBytes);
    }
    await this.#send(writes);
  }

  async markRead(marks: readonly ReadMark[]): Promise<void> {
    const writes = new PartitionWrites();
    for (const mark of marks) writes.add(mark.userId, [markStatement(mark)], rowBytes);
    await this.#send(writes);
  }

  async mark(marks: readonly PersonalMark[]): Promise<void> {
    const writes = new PartitionWrites();
    for (const mark of marks) writes.add(mark.userId, [personalStatement(mark)], rowBytes);
    await this.#send(writes);
  }

  async #send(writes: PartitionWrites): Promise<void> {
    this.#writes.add('inbox', writes.mutations);
    await writes.send(this.#session);
  }

  async list(
    userId: string,
    options: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly InboxEntry[]> {
    const { limit } = options;
    const user = toUuid(userId);
    const nowMs = this.#clock.nowMs();
    const entries: InboxEntry[] = [];
    for (let after = options.after === null ? null : toUuid(options.after); entries.length < limit; ) {
      const statement =
        after === null
          ? { query: inboxStatements.list, params: [user, limit] }
          : { query: inboxStatements.listAfter, params: [user, after, limit] };
      const rows = await this.#session.read(statement, limit);
      for (const row of rows) {
        const entry = fromRow(row, nowMs);
        if (entry !== null && entries.length < limit) entries.push(entry);
      }
      if (rows.length < limit) break;
      after = rows.at(-1)!['conversation_id'] as types.Uuid;
    }
    return entries;
  }

  async get(userId: string, conversationId: string): Promise<InboxEntry | null> {
    const params = [toUuid(userId), toUuid(conversationId)];
    const [row] = await this.#session.read({ query: inboxStatements.get, params }, 1);
    return row === undefined ? null : fromRow(row, this.#clock.nowMs());
  }
}
