/**
 * What operators are told of users, and what they did: metadata alone, without names, numbers or keys, and a trail of their calls.
 *
 * A call is written down before it is carried out, so that nothing is done without a trace; that it stands there does not say that
 * it succeeded. Kept for 400 days: each entry also takes away some that are older.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Platform } from '@parley/schemas/generated/events';
import { sql } from 'kysely';
import { v4 as uuid } from 'uuid';
import type { DirectoryDatabase } from './database.ts';

export const auditRetentionMs = 400 * 86_400_000;
const removedPerEntry = 100;
const uuidBytes = 16;
/** Also revoked ones: newest first. */
const maxDevicesShown = 100;

export interface OperatorsDevice {
  readonly deviceId: string;
  readonly platform: Platform;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export interface OperatorsUser {
  readonly userId: string;
  readonly createdAtMs: number;
  readonly deletedAtMs: number | null;
  readonly bannedAtMs: number | null;
  readonly devices: readonly OperatorsDevice[];
}

export interface AuditEntry {
  readonly auditId: string;
  readonly operator: string;
  readonly action: string;
  /** An id; null for calls about nobody in particular. */
  readonly target: string | null;
  readonly atMs: number;
}

export interface OperatorDeskOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly random: Random;
}

const msOf = (at: Date | null): number | null => at?.getTime() ?? null;

export class OperatorDesk {
  readonly #on: OperatorDeskOptions;

  constructor(options: OperatorDeskOptions) {
    this.#on = options;
  }

  /** @throws ParleyError `not_found` */
  async user(userId: string): Promise<OperatorsUser> {
    return this.#on.database.run(async (db) => {
      const user = await db
        .selectFrom('users')
        .select(['created_at', 'deleted_at', 'banned_at'])
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (user === undefined) throw new ParleyError('not_found');
      const devices = await db
        .selectFrom('devices')
        .select(['device_id', 'platform', 'created_at', 'revoked_at'])
        .where('user_id', '=', userId)
        .orderBy('created_at', 'desc')
        .orderBy('device_id')
        .limit(maxDevicesShown)
        .execute();
      return {
        userId,
        createdAtMs: user.created_at.getTime(),
        deletedAtMs: msOf(user.deleted_at),
        bannedAtMs: msOf(user.banned_at),
        devices: devices.map((one) => ({
          deviceId: one.device_id,
          platform: one.platform,
          createdAtMs: one.created_at.getTime(),
          revokedAtMs: msOf(one.revoked_at),
        })),
      };
    });
  }

  async wrote(operator: string, action: string, target: string | null): Promise<void> {
    const { database, clock, random } = this.#on;
    const nowMs = clock.nowMs();
    const audit_id = uuid({ random: random.bytes(uuidBytes) });
    await database.transaction(async (db) => {
      await db
        .insertInto('admin_audit')
        .values({ audit_id, operator, action, target, at: new Date(nowMs) })
        .execute();
      const old = db
        .selectFrom('admin_audit')
        .select('audit_id')
        .where('at', '<', new Date(nowMs - auditRetentionMs))
        .orderBy('at')
        .limit(removedPerEntry);
      await db.deleteFrom('admin_audit').where('audit_id', 'in', old).execute();
    });
  }

  /** The newest first, one more than asked if there are more. `before` is an entry's id. */
  async trail(before: string | null, limit: number): Promise<readonly AuditEntry[]> {
    const rows = await this.#on.database.run((db) => {
      let query = db.selectFrom('admin_audit').selectAll();
      if (before !== null) {
        query = query.where(
          sql<boolean>`(at, audit_id) < (SELECT at, audit_id FROM admin_audit WHERE audit_id = ${before})`,
        );
      }
      return query
        .orderBy('at', 'desc')
        .orderBy('audit_id', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return rows.map((row) => ({
      auditId: row.audit_id,
      operator: row.operator,
      action: row.action,
      target: row.target,
      atMs: row.at.getTime(),
    }));
  }
}
