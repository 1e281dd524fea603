/** Data keys in memory, the same on every run: that of an id is made of its name, until it is destroyed. */
import { hash } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type DataKeyId, type DataKeys, dataKeyName, destroyAtMs } from './data-key.ts';

export class MemoryDataKeys implements DataKeys {
  readonly #clock: Clock;
  readonly #keys = new Map<string, { readonly id: DataKeyId; readonly key: Buffer }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  known(id: DataKeyId): Buffer | undefined {
    return this.#keys.get(dataKeyName(id))?.key;
  }

  obtain(id: DataKeyId): Promise<Buffer> {
    if (destroyAtMs(id) <= this.#clock.nowMs()) return Promise.reject(new ParleyError('out_of_window'));
    const name = dataKeyName(id);
    const made = this.#keys.get(name) ?? { id, key: hash('sha512', name, 'buffer') };
    this.#keys.set(name, made);
    return Promise.resolve(made.key);
  }

  found(ids: readonly DataKeyId[]): readonly (Buffer | null)[] {
    return ids.map((id) => this.#keys.get(dataKeyName(id))?.key ?? null);
  }

  find(ids: readonly DataKeyId[]): Promise<readonly (Buffer | null)[]> {
    return Promise.resolve(this.found(ids));
  }

  destroyDue(): Promise<number> {
    let destroyed = 0;
    for (const [name, { id }] of this.#keys) {
      if (destroyAtMs(id) > this.#clock.nowMs()) continue;
      this.#keys.delete(name);
      destroyed++;
    }
    return Promise.resolve(destroyed);
  }

  /** As a database that was restored from an old copy. */
  lose(): void {
    this.#keys.clear();
  }
}
