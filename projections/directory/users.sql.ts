/** Who is who and has which devices, straight from SQL. An id that is no UUID is nobody's. */
import type { Platform } from '@parley/schemas/generated/events';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { DeviceRef } from '@parley/streams/processors/ports';
import { sql } from 'kysely';
import type { DirectoryDatabase } from './database.ts';
import type { UserDirectory } from './directory.ts';

export class SqlUserDirectory implements UserDirectory {
  readonly #database: DirectoryDatabase;

  constructor(database: DirectoryDatabase) {
    this.#database = database;
  }

  async userExists(userId: string): Promise<boolean> {
    return (await this.displayName(userId)) !== null;
  }

  async displayName(userId: string): Promise<string | null> {
    if (!isUuid(userId)) return null;
    const row = await this.#database.run((db) =>
      db
        .selectFrom('users')
        .select('display_name')
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .executeTakeFirst(),
    );
    return row?.display_name ?? null;
  }

  async devicesOf(userIds: readonly string[]): Promise<ReadonlyArray<readonly DeviceRef[]>> {
    const askable = userIds.filter(isUuid);
    if (askable.length === 0) return userIds.map(() => []);
    const rows = await this.#database.run((db) =>
      db
        .selectFrom('devices')
        .select(['user_id', 'device_id', 'platform'])
        .where('user_id', '=', sql<string>`ANY(${askable}::uuid[])`)
        .where('revoked_at', 'is', null)
        .orderBy('device_id')
        .execute(),
    );
    const byUser = new Map<string, DeviceRef[]>();
    for (const { user_id, device_id, platform } of rows) {
      const device = { deviceId: device_id, platform };
      const known = byUser.get(user_id);
      if (known === undefined) byUser.set(user_id, [device]);
      else known.push(device);
    }
    return userIds.map((userId) => byUser.get(userId) ?? []);
  }

  async pushTarget(deviceId: string): Promise<{ readonly platform: Platform; readonly token: string | null } | null> {
    if (!isUuid(deviceId)) return null;
    const row = await this.#database.run((db) =>
      db
        .selectFrom('devices')
        .select(['platform', 'push_token'])
        .where('device_id', '=', deviceId)
        .where('revoked_at', 'is', null)
        .executeTakeFirst(),
    );
    return row === undefined ? null : { platform: row.platform, token: row.push_token };
  }
}
