/**
 * Data keys of the embedded profile: a small LMDB environment of their own, synced at every change, which a replay may read beside
 * the process that owns it.
 *
 * A key's place begins with the time at which it is to be destroyed, which follows from its name: so it is found by its name, and
 * what is due comes first. Before a key is deleted it is overwritten, so that the page which its row leaves behind holds zeros.
 */
import { existsSync, mkdirSync } from 'node:fs';
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
import { open, type RootDatabase } from 'lmdb';

const timeDigits = 16;
const maxKeyBytes = 128;

/** In the order of the times at which they are to be destroyed. */
const placeOf = (id: DataKeyId): string => `${timeText(destroyAtMs(id))}/${dataKeyName(id)}`;
const timeText = (timeMs: number): string => String(timeMs).padStart(timeDigits, '0');

export interface LmdbDataKeysOptions {
  /** A folder; made if it is missing. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
}

function openRoot(path: string, readOnly: boolean): RootDatabase<Buffer, string> {
  return open<Buffer, string>({ path, readOnly, encoding: 'binary', maxDbs: 1 });
}

/** For looking alone, beside the owner. */
export class LmdbDataKeyReader {
  protected readonly root: RootDatabase<Buffer, string>;

  constructor(root: RootDatabase<Buffer, string>) {
    this.root = root;
  }

  /** @throws ParleyError `not_found` if nobody has made it */
  static open(path: string): LmdbDataKeyReader {
    if (!existsSync(path)) throw new ParleyError('not_found', { detail: `${path}: the keys of what disappears` });
    return new LmdbDataKeyReader(openRoot(path, true));
  }

  async find(ids: readonly DataKeyId[]): Promise<readonly (Buffer | null)[]> {
    return ids.map((id) => {
      const key = this.root.getBinary(placeOf(id));
      return key === undefined ? null : Buffer.from(key);
    });
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}

export class LmdbDataKeys extends LmdbDataKeyReader implements DataKeys {
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ path, clock, random }: LmdbDataKeysOptions) {
    mkdirSync(path, { recursive: true });
    super(openRoot(path, false));
    this.#clock = clock;
    this.#random = random;
  }

  async obtain(id: DataKeyId): Promise<Buffer> {
    const nowMs = this.#clock.nowMs();
    const place = placeOf(id);
    const known = this.root.getBinary(place);
    if (known !== undefined) return Buffer.from(known);
    // A key that was destroyed must not come back under the same name; and nobody fills the disk with ids of other years.
    if (destroyAtMs(id) <= nowMs || Math.abs(id.day - dayOf(nowMs)) > 1) throw new ParleyError('out_of_window');
    if (place.length > maxKeyBytes) throw new ParleyError('invalid_request', { detail: 'conversation_id' });
    const key = Buffer.from(this.#random.bytes(dataKeyBytes));
    // One process makes keys, and nothing is awaited since it looked, so that two who ask at once get the same.
    this.root.transactionSync(() => this.root.putSync(place, key));
    return key;
  }

  /** Destroys at most so many keys whose time is over; resolves to how many. */
  async destroyDue(limit: number): Promise<number> {
    const end = timeText(this.#clock.nowMs() + 1);
    const due = [...this.root.getKeys({ end, limit })];
    if (due.length === 0) return 0;
    const zeros = Buffer.alloc(dataKeyBytes);
    this.root.transactionSync(() => {
      for (const place of due) this.root.putSync(place, zeros);
    });
    this.root.transactionSync(() => {
      for (const place of due) this.root.removeSync(place);
    });
    return due.length;
  }
}
