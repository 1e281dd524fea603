/**
 * The outbox as its relay sees it: rows that the log was not told of yet, a lease for each conversation, and marks.
 *
 * The lease only saves work. Two relays that both send a conversation do no harm: each sends a version after the one below it was
 * acknowledged, so that the log never holds a version without all below it before it, and the fold ignores what it has applied.
 */
import { sql } from 'kysely';
import type { DirectoryDatabase } from '../database.ts';
import type { DirectoryEventName } from './change.ts';

export interface OutboxRow {
  readonly version: number;
  readonly eventName: DirectoryEventName;
  readonly event: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
}

export interface Lease {
  readonly conversationId: string;
  readonly holder: string;
  readonly nowMs: number;
  readonly untilMs: number;
}

export interface Backlog {
  /** Unsent rows, counted up to the limit that was asked. */
  readonly unsent: number;
  /** Null if there are none. */
  readonly oldestMs: number | null;
}

/** What a relay needs of it. */
export type RelayedOutbox = Pick<
  Outbox,
  'waiting' | 'claim' | 'release' | 'unsent' | 'markSent' | 'isSent' | 'backlog' | 'forget'
>;

export class Outbox {
  readonly #database: DirectoryDatabase;

  constructor(database: DirectoryDatabase) {
    this.#database = database;
  }

  /** Conversations with unsent rows, by id, after the one that is named. */
  async waiting(after: string | null, limit: number): Promise<readonly string[]> {
    const rows = await this.#database.run((db) => {
      const all = db.selectFrom('outbox').select('conversation_id').where('sent_at', 'is', null);
      const some = after === null ? all : all.where('conversation_id', '>', after);
      return some.groupBy('conversation_id').orderBy('conversation_id').limit(limit).execute();
    });
    return rows.map((row) => row.conversation_id);
  }

  /** True if the holder has the conversation to itself from now on, also if it had before. */
  async claim({ conversationId, holder, nowMs, untilMs }: Lease): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.run((db) =>
      db
        .updateTable('conversations')
        .set({ relay_holder: holder, relay_lease_until: new Date(untilMs) })
        .where('conversation_id', '=', conversationId)
        .where((where) =>
          where.or([
            where('relay_lease_until', 'is', null),
            where('relay_lease_until', '<=', new Date(nowMs)),
            where('relay_holder', '=', holder),
          ]),
        )
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows > 0n;
  }

  /** Ends the holder's lease at the time given, or at once. */
  async release(conversationId: string, holder: string, atMs: number | null): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable('conversations')
        .set({ relay_holder: null, relay_lease_until: atMs === null ? null : new Date(atMs) })
        .where('conversation_id', '=', conversationId)
        .where('relay_holder', '=', holder)
        .execute(),
    );
  }

  /** The lowest versions of a conversation that are unsent, in order. */
  async unsent(conversationId: string, limit: number): Promise<readonly OutboxRow[]> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('outbox')
        .select(['version', 'event_name', 'event', 'created_at'])
        .where('conversation_id', '=', conversationId)
        .where('sent_at', 'is', null)
        .orderBy('version')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      version: row.version,
      eventName: row.event_name as DirectoryEventName,
      event: row.event as Readonly<Record<string, unknown>>,
      createdAtMs: row.created_at.getTime(),
    }));
  }

  /** The log has everything of the conversation up to the version. */
  async markSent(conversationId: string, upTo: number, nowMs: number): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable('outbox')
        .set({ sent_at: new Date(nowMs) })
        .where('conversation_id', '=', conversationId)
        .where('version', '<=', upTo)
        .where('sent_at', 'is', null)
        .execute(),
    );
  }

  /** True if nothing up to the version is unsent. */
  async isSent(conversationId: string, version: number): Promise<boolean> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom('outbox')
        .select('version')
        .where('conversation_id', '=', conversationId)
        .where('version', '<=', version)
        .where('sent_at', 'is', null)
        .limit(1)
        .executeTakeFirst(),
    );
    return row === undefined;
  }

  async backlog(countLimit: number): Promise<Backlog> {
    return this.#database.run(async (db) => {
      const some = db.selectFrom('outbox').select('version').where('sent_at', 'is', null).limit(countLimit).as('some');
      const { unsent } = await db
        .selectFrom(some)
        .select(sql<number>`count(*)::int`.as('unsent'))
        .executeTakeFirstOrThrow();
      const oldest = await db
        .selectFrom('outbox')
        .select('created_at')
        .where('sent_at', 'is', null)
        .orderBy('created_at')
        .limit(1)
        .executeTakeFirst();
      return { unsent, oldestMs: oldest?.created_at.getTime() ?? null };
    });
  }

  /** Deletes some rows that were sent before the time, and remembered requests of before it. Resolves to how many rows. */
  async forget(beforeMs: number, limit: number): Promise<number> {
    const before = new Date(beforeMs);
    return this.#database.run(async (db) => {
      const { rows } = await sql`DELETE FROM outbox WHERE (conversation_id, version) IN (
          SELECT conversation_id, version FROM outbox WHERE sent_at < ${before} LIMIT ${limit}) RETURNING version`.execute(
        db,
      );
      const requests = await sql`DELETE FROM directory_requests WHERE (user_id, request_key) IN (
          SELECT user_id, request_key FROM directory_requests WHERE created_at < ${before} LIMIT ${limit})
          RETURNING user_id`.execute(db);
      return rows.length + requests.rows.length;
    });
  }
}
