/**
 * A bounded cache over data keys, so that a gateway seals and a processor opens without asking SQL for every message.
 *
 * A key never changes, so it may be kept; but not beyond its time, or it would outlive its destruction in some process's memory.
 * Only keys that are there are remembered: one that is not may be made the next moment.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { type DataKeyId, type DataKeys, dataKeyName, destroyAtMs } from '@parley/streams/sealing/data-key';
import { LRUCache } from 'lru-cache';

const defaultMaxKeys = 50_000;

interface Kept {
  readonly key: Buffer;
  readonly destroyAtMs: number;
}

export interface CachedDataKeysOptions {
  readonly source: DataKeys;
  readonly clock: Clock;
  readonly maxKeys?: number;
}

export class CachedDataKeys implements DataKeys {
  readonly #source: DataKeys;
  readonly #clock: Clock;
  readonly #kept: LRUCache<string, Kept>;

  constructor({ source, clock, maxKeys }: CachedDataKeysOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#kept = new LRUCache({ max: maxKeys ?? defaultMaxKeys });
  }

  /** What can be had without waiting; undefined: it has to be asked for. */
  known(id: DataKeyId): Buffer | undefined {
    const name = dataKeyName(id);
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    if (this.#clock.nowMs() < kept.destroyAtMs) return kept.key;
    this.#kept.delete(name);
    return undefined;
  }

  async obtain(id: DataKeyId): Promise<Buffer> {
    const known = this.known(id);
    if (known !== undefined) return known;
    const key = await this.#source.obtain(id);
    this.#keep(id, key);
    return key;
  }

  async find(ids: readonly DataKeyId[]): Promise<readonly (Buffer | null)[]> {
    const keys: (Buffer | null)[] = ids.map((id) => this.known(id) ?? null);
    const missing = [...ids.keys()].filter((index) => keys[index] === null);
    if (missing.length === 0) return keys;
    const read = await this.#source.find(missing.map((index) => ids[index]!));
    missing.forEach((index, position) => {
      const key = read[position] ?? null;
      keys[index] = key;
      if (key !== null) this.#keep(ids[index]!, key);
    });
    return keys;
  }

  #keep(id: DataKeyId, key: Buffer): void {
    this.#kept.set(dataKeyName(id), { key, destroyAtMs: destroyAtMs(id) });
  }
}
