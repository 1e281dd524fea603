/** Data keys in SQL: made by whoever needs one first, the same for all who ask, deleted when their time is over. */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import {
  type DataKeyId,
  type DataKeys,
  dataKeyBytes,
  dataKeyName,
  dayOf,
  destroyAtMs,
} from '@parley/streams/sealing/data-key';
import { sql } from 'kysely';
import type { DirectoryDatabase } from '../directory/database.ts';

/** Keys looked up by one statement. */
const maxPerRead = 500;

export interface SqlDataKeysOptions {
  readonly database: DirectoryDatabase;
  readonly clock: Clock;
  readonly random: Random;
}

/** For looking alone. */
export class SqlDataKeyReader {
  protected readonly database: DirectoryDatabase;

  constructor(database: DirectoryDatabase) {
    this.database = database;
  }

  async find(ids: readonly DataKeyId[]): Promise<readonly (Buffer | null)[]> {
    const found = new Map<string, Buffer>();
    for (let from = 0; from < ids.length; from += maxPerRead) {
      const asked = ids.slice(from, from + maxPerRead);
      const rows = await this.database.run((db) =>
        db
          .selectFrom('data_keys')
          .select(['conversation_id', 'day', 'timer_seconds', 'key'])
          .where((where) =>
            where.or(
              asked.map(({ conversationId, day, timerSeconds }) =>
                where.and({ conversation_id: conversationId, day, timer_seconds: timerSeconds }),
              ),
            ),
          )
          .execute(),
      );
      for (const { conversation_id, day, timer_seconds, key } of rows) {
        found.set(dataKeyName({ conversationId: conversation_id, day, timerSeconds: timer_seconds }), key);
      }
    }
    return ids.map((id) => found.get(dataKeyName(id)) ?? null);
  }
}

export class SqlDataKeys extends SqlDataKeyReader implements DataKeys {
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ database, clock, random }: SqlDataKeysOptions) {
    super(database);
    this.#clock = clock;
    this.#random = random;
  }

  /** Of two who make it at once the first makes it, and both get that one: the second waits for the first's row. */
  async obtain(id: DataKeyId): Promise<Buffer> {
    const nowMs = this.#clock.nowMs();
    const destroyAt = destroyAtMs(id);
    // A key that was destroyed must not come back under the same name; and nobody fills the table with ids of other years.
    if (destroyAt <= nowMs || Math.abs(id.day - dayOf(nowMs)) > 1) return this.#existing(id);
    const row = {
      conversation_id: id.conversationId,
      day: id.day,
      timer_seconds: id.timerSeconds,
      key: Buffer.from(this.#random.bytes(dataKeyBytes)),
      destroy_at: new Date(destroyAt),
    };
    const made = await this.database.run((db) =>
      db
        .insertInto('data_keys')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning('key')
        .executeTakeFirst(),
    );
    if (made !== undefined) return made.key;
    return this.#existing(id);
  }

  async #existing(id: DataKeyId): Promise<Buffer> {
    const [key] = await this.find([id]);
    if (key === null || key === undefined) throw new ParleyError('out_of_window');
    return key;
  }

  /** Destroys at most so many keys whose time is over; resolves to how many. */
  async destroyDue(limit: number): Promise<number> {
    const due = new Date(this.#clock.nowMs());
    const { numAffectedRows = 0n } = await this.database.run((db) =>
      sql`DELETE FROM data_keys WHERE (conversation_id, day, timer_seconds) IN
        (SELECT conversation_id, day, timer_seconds FROM data_keys WHERE destroy_at <= ${due} LIMIT ${limit})`.execute(
        db,
      ),
    );
    return Number(numAffectedRows);
  }
}
