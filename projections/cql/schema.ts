/**
 * Every CQL table, in one place, and the function that makes what is missing.
 *
 * The dialect is what Apache Cassandra and ScyllaDB share. No counters, no lightweight transactions, no now(): whatever is written
 * carries a timestamp that follows from the log (design rule 8), and a null is never written where another value can stand for it,
 * because a null is a tombstone.
 */
import { invariant } from '@parley/schemas/errors/invariant';

const messagesTable = (keyspace: string): string => `
CREATE TABLE IF NOT EXISTS ${keyspace}.messages (
  conversation_id uuid,
  bucket int,                 -- 10 days of ULID time
  sub_bucket int,             -- another after 100,000 rows
  message_id text,            -- ULID: its order as text is the order of its time
  seq bigint,
  ordinal bigint,
  sender_id uuid,
  sender_device_id uuid,
  message_type text,
  encrypted_body blob,
  preview text,
  media_url text,
  thumbnail_url text,
  reply_to text,
  target_id text,
  created_at timestamp,       -- T
  payload_hash blob,
  system_change text,         -- what a system message tells, as JSON
  mls_header text,            -- what a message of the key agreement says in clear, as JSON
  expires_at timestamp,       -- such rows are written with a TTL that ends after it
  PRIMARY KEY ((conversation_id, bucket, sub_bucket), message_id)
) WITH compaction = {
  'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': 10
}`;

const membersTable = (keyspace: string): string => `
CREATE TABLE IF NOT EXISTS ${keyspace}.members (
  conversation_id uuid,
  conversation_type text static,
  buckets frozen<list<frozen<tuple<int, int, int>>>> static,   -- bucket, sub-bucket, rows when it was opened
  user_id uuid,
  joined_seq bigint,
  left_seq bigint,            -- first seq no longer seen; 0: a member
  role text,
  PRIMARY KEY ((conversation_id), user_id, joined_seq)
) WITH compaction = {'class': 'LeveledCompactionStrategy'}`;

const fadingPreviewType = 'frozen<tuple<timestamp, text>>';

const inboxTable = (keyspace: string): string => `
CREATE TABLE IF NOT EXISTS ${keyspace}.inbox (
  user_id uuid,
  conversation_id uuid,
  conversation_type text,
  other_user_id uuid,
  last_seq bigint,
  last_ordinal bigint,
  last_message frozen<tuple<timestamp, text>>,   -- T and preview of the last countable message, never one without the other
  fading_preview ${fadingPreviewType},   -- end and text of a preview that disappears, written with last_message and a TTL
  own_ordinal bigint,
  left_seq bigint,            -- 0: a member
  read_seq bigint,            -- this and the next are written by the receipts processor, with read_seq as the timestamp
  read_ordinal bigint,
  cleared_seq bigint,         -- hidden from this user up to here; this and the next are written with cleared_seq as the timestamp
  cleared_ordinal bigint,
  pinned bigint,              -- this and the rest are written with the mark's version as the timestamp
  archived bigint,
  muted bigint,               -- until when, in ms
  unread bigint,
  PRIMARY KEY ((user_id), conversation_id)
) WITH compaction = {'class': 'LeveledCompactionStrategy'}`;

const receiptsTable = (keyspace: string): string => `
CREATE TABLE IF NOT EXISTS ${keyspace}.receipts (
  conversation_id uuid,
  user_id uuid,
  delivered map<uuid, bigint> static,   -- device -> watermark, each entry written with its own value as the timestamp
  read map<uuid, bigint> static,
  delivered_since timestamp static,     -- time of the earliest step that ever was
  read_since timestamp static,
  kind text,
  seq bigint,
  at timestamp,                         -- when the watermark reached seq; the earlier write has the greater timestamp
  PRIMARY KEY ((conversation_id, user_id), kind, seq)
) WITH compaction = {'class': 'LeveledCompactionStrategy'}`;

const foldStatesTable = (keyspace: string): string => `
CREATE TABLE IF NOT EXISTS ${keyspace}.fold_states (
  conversation_id uuid PRIMARY KEY,
  snapshot blob,
  log_offset bigint           -- of the last record that the snapshot includes
) WITH compaction = {'class': 'LeveledCompactionStrategy'}`;

export interface CqlKeyspace {
  readonly keyspace: string;
  /** As the cluster calls it. */
  readonly datacenter: string;
  readonly replicationFactor: number;
}

/** Makes a keyspace where it is missing. */
export function keyspaceStatement({ keyspace, datacenter, replicationFactor }: CqlKeyspace): string {
  invariant(/^[a-z][a-z0-9_]{0,47}$/.test(keyspace), 'a keyspace is named in lower case, digits and underscores');
  invariant(/^[A-Za-z0-9_.-]+$/.test(datacenter), 'a datacenter has a plain name');
  invariant(Number.isInteger(replicationFactor) && replicationFactor >= 1, 'a replication factor is 1 or more');
  return `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication =
      {'class': 'NetworkTopologyStrategy', '${datacenter}': ${replicationFactor}} AND durable_writes = true`;
}

/** Statements that make the keyspace and its tables where they are missing; in order. */
export function schemaStatements(settings: CqlKeyspace): readonly string[] {
  const { keyspace } = settings;
  return [
    keyspaceStatement(settings),
    messagesTable(keyspace),
    membersTable(keyspace),
    inboxTable(keyspace),
    receiptsTable(keyspace),
    foldStatesTable(keyspace),
  ];
}

/** Columns that a table got after its first release: they are made where the table is older than they. */
const addedColumns: ReadonlyArray<{ readonly table: string; readonly column: string; readonly type: string }> = [
  { table: 'messages', column: 'system_change', type: 'text' },
  { table: 'messages', column: 'mls_header', type: 'text' },
  { table: 'messages', column: 'expires_at', type: 'timestamp' },
  { table: 'inbox', column: 'fading_preview', type: fadingPreviewType },
  ...['cleared_seq', 'cleared_ordinal', 'pinned', 'archived', 'muted', 'unread'].map((column) => ({
    ...{ table: 'inbox', column, type: 'bigint' },
  })),
];

/** What makes the schema: a connection's client, or anything that runs a statement. */
export interface StatementRunner {
  execute(
    statement: string,
    params: readonly [],
    options: { readonly readTimeout: number },
  ): Promise<{ readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>> }>;
}

/** A table takes far longer to make than a row: nodes agree on it, and a busy one takes its time. */
const schemaTimeoutMs = 60_000;

/** One statement after another: nodes do not agree on two changes at once. */
export async function applySchema(client: StatementRunner, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.execute(statement, [], { readTimeout: schemaTimeoutMs });
}

/** Not every CQL engine knows ADD IF NOT EXISTS, so that the tables are asked. */
async function missingColumns(client: StatementRunner, keyspace: string): Promise<readonly string[]> {
  const query = `SELECT table_name, column_name FROM system_schema.columns WHERE keyspace_name = '${keyspace}'`;
  const { rows } = await client.execute(query, [], { readTimeout: schemaTimeoutMs });
  const present = new Set(rows.map((row) => `${String(row['table_name'])}.${String(row['column_name'])}`));
  return addedColumns
    .filter(({ table, column }) => !present.has(`${table}.${column}`))
    .map(({ table, column, type }) => `ALTER TABLE ${keyspace}.${table} ADD ${column} ${type}`);
}

/** Makes what is missing; does nothing where everything is there. */
export async function ensureCqlSchema(client: StatementRunner, keyspace: CqlKeyspace): Promise<void> {
  await applySchema(client, schemaStatements(keyspace));
  await applySchema(client, await missingColumns(client, keyspace.keyspace));
}
