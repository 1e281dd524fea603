/**
 * Reports: what a user chose to show of a conversation to the operator, and what became of it.
 *
 * The server cannot read messages, so that a report holds what the reporter's device took out of its own history; nothing here says
 * that it was sent so. Kept for half a year: whoever files a report also takes away some that are older.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sql } from 'kysely';
import { v4 as uuid } from 'uuid';
import type { DirectoryDatabase } from './database.ts';

export const reportReasons = ['spam', 'abuse', 'violence', 'child_safety', 'fraud', 'other'] as const;
export type ReportReason = (typeof reportReasons)[number];

export const maxDisclosedMessages = 5;
export const maxDisclosedChars = 4_000;
export const maxReportTextChars = 1_000;
export const reportRetentionMs = 180 * 86_400_000;
const uuidBytes = 16;
/** More than one for each that comes, so that what is old goes. */
const removedPerReport = 100;

export interface DisclosedMessage {
  readonly messageId: string;
  readonly text: string;
}

/** Exactly one of the two. */
export type ReportAbout = { readonly userId: string } | { readonly groupId: string };

export interface NewReport {
  readonly reporterId: string;
  readonly about: ReportAbout;
  readonly reason: ReportReason;
  readonly text: string;
  readonly disclosed: readonly DisclosedMessage[];
}

export interface Report extends NewReport {
  readonly reportId: string;
  readonly createdAtMs: number;
  /** Null while nobody has seen to it. */
  readonly handled: { readonly atMs: number; readonly by: string } | null;
}

export interface ReportQuery {
  /** A report id: those after it. */
  readonly after: string | null;
  readonly limit: number;
  readonly isHandled: boolean;
}

export interface ReportsOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly random: Random;
}

export class Reports {
  readonly #on: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.#on = options;
  }

  /** Resolves to its id. @throws ParleyError `not_found` where the reported is not there, or is a group without the reporter */
  async file({ reporterId, about, reason, text, disclosed }: NewReport): Promise<string> {
    const { database, clock, random } = this.#on;
    const nowMs = clock.nowMs();
    const report_id = uuid({ random: random.bytes(uuidBytes) });
    await database.transaction(async (db) => {
      const found =
        'userId' in about
          ? await db.selectFrom('users').select('user_id').where('user_id', '=', about.userId).executeTakeFirst()
          : await db
              .selectFrom('group_members')
              .select('user_id')
              .where('group_id', '=', about.groupId)
              .where('user_id', '=', reporterId)
              .executeTakeFirst();
      if (found === undefined) throw new ParleyError('not_found');
      await db
        .insertInto('reports')
        .values({
          report_id,
          reporter_id: reporterId,
          about_user_id: 'userId' in about ? about.userId : null,
          about_group_id: 'groupId' in about ? about.groupId : null,
          reason,
          text,
          disclosed: JSON.stringify(disclosed.map(({ messageId, text }) => ({ message_id: messageId, text }))),
          created_at: new Date(nowMs),
          handled_at: null,
          handled_by: null,
        })
        .execute();
      const old = db
        .selectFrom('reports')
        .select('report_id')
        .where('created_at', '<', new Date(nowMs - reportRetentionMs))
        .orderBy('created_at')
        .limit(removedPerReport);
      await db.deleteFrom('reports').where('report_id', 'in', old).execute();
    });
    return report_id;
  }

  /** The oldest first, one more than asked if there are more. */
  async list({ after, limit, isHandled }: ReportQuery): Promise<readonly Report[]> {
    const rows = await this.#on.database.run((db) => {
      let query = db
        .selectFrom('reports')
        .selectAll()
        .where('handled_at', isHandled ? 'is not' : 'is', null);
      if (after !== null) {
        query = query.where(
          sql<boolean>`(created_at, report_id) > (SELECT created_at, report_id FROM reports WHERE report_id = ${after})`,
        );
      }
      return query
        .orderBy('created_at')
        .orderBy('report_id')
        .limit(limit + 1)
        .execute();
    });
    return rows.map((row) => ({
      reportId: row.report_id,
      reporterId: row.reporter_id,
      about: row.about_user_id === null ? { groupId: row.about_group_id! } : { userId: row.about_user_id },
      reason: row.reason,
      text: row.text,
      disclosed: row.disclosed.map(({ message_id, text }) => ({ messageId: message_id, text })),
      createdAtMs: row.created_at.getTime(),
      handled: row.handled_at === null ? null : { atMs: row.handled_at.getTime(), by: row.handled_by ?? '' },
    }));
  }

  /** Who came first stays. @throws ParleyError `not_found` */
  async handle(reportId: string, by: string): Promise<void> {
    const handled_at = new Date(this.#on.clock.nowMs());
    const row = await this.#on.database.run((db) =>
      db
        .updateTable('reports')
        .set({
          handled_at: sql<Date>`coalesce(handled_at, ${handled_at}::timestamptz)`,
          handled_by: sql<string>`coalesce(handled_by, ${by}::varchar)`,
        })
        .where('report_id', '=', reportId)
        .returning('report_id')
        .executeTakeFirst(),
    );
    if (row === undefined) throw new ParleyError('not_found');
  }
}
