/** Bans: a banned user has no device, gets none, and whoever writes with them notices only that they are silent. */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { DirectoryDatabase } from './database.ts';
import { revokeDevice } from './devices.ts';

export interface BansOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
}

export class Bans {
  readonly #database: DirectoryDatabase;
  readonly #clock: Clock;

  constructor(options: BansOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
  }

  /**
   * Resolves to the devices that were revoked ever, so that a caller who failed after this may ask again. Registrations wait for the
   * user's row, and find the ban.
   * @throws ParleyError `not_found`
   */
  async ban(userId: string): Promise<readonly string[]> {
    const nowMs = this.#clock.nowMs();
    return this.#database.transaction(async (transaction) => {
      const user = await transaction
        .selectFrom('users')
        .select('banned_at')
        .where('user_id', '=', userId)
        .forUpdate()
        .executeTakeFirst();
      if (user === undefined) throw new ParleyError('not_found');
      if (user.banned_at === null) {
        const banned_at = new Date(nowMs);
        await transaction.updateTable('users').set({ banned_at }).where('user_id', '=', userId).execute();
      }
      const devices = await transaction
        .selectFrom('devices')
        .select('device_id')
        .where('user_id', '=', userId)
        .orderBy('device_id')
        .execute();
      for (const { device_id } of devices) await revokeDevice(transaction, device_id, nowMs);
      return devices.map(({ device_id }) => device_id);
    });
  }

  /** @throws ParleyError `not_found` */
  async unban(userId: string): Promise<void> {
    const row = await this.#database.run((db) =>
      db
        .updateTable('users')
        .set({ banned_at: null })
        .where('user_id', '=', userId)
        .returning('user_id')
        .executeTakeFirst(),
    );
    if (row === undefined) throw new ParleyError('not_found');
  }
}
