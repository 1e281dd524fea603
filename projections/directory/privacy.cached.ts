/**
 * A bounded cache over a PrivacyDirectory: an answer is good for a minute, so that is how long a change may take to be felt.
 *
 * While SQL does not answer, what is known stays good (nobody can change it then), and what is not known fails. What is known
 * can be had without waiting: a gateway asks at every change of presence.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { LRUCache } from 'lru-cache';
import type { PrivacyDirectory, PrivacySettings, Relation, UserPair } from './privacy.ts';

export const privacyTtlMs = 60_000;
const defaultMaxUsers = 100_000;
const defaultMaxPairs = 200_000;
/** Bounds one statement's parameters. */
const maxPerRead = 1_000;

export interface CachedPrivacyOptions {
  readonly source: PrivacyDirectory;
  readonly clock: Clock;
  readonly maxUsers?: number;
  readonly maxPairs?: number;
}

export class CachedPrivacy implements PrivacyDirectory {
  readonly #settings: ReadThrough<string, PrivacySettings>;
  readonly #relations: ReadThrough<UserPair, Relation>;

  constructor({ source, clock, maxUsers, maxPairs }: CachedPrivacyOptions) {
    const { nowMs } = clock;
    this.#settings = new ReadThrough({
      max: maxUsers ?? defaultMaxUsers,
      nowMs: nowMs.bind(clock),
      keyOf: (userId) => userId,
      read: (userIds) => source.settingsOf(userIds),
    });
    this.#relations = new ReadThrough({
      max: maxPairs ?? defaultMaxPairs,
      nowMs: nowMs.bind(clock),
      keyOf: ({ ownerId, otherId }) => `${ownerId}/${otherId}`,
      read: (pairs) => source.relationsOf(pairs),
    });
  }

  settingsOf(userIds: readonly string[]): Promise<readonly PrivacySettings[]> {
    return this.#settings.of(userIds);
  }

  relationsOf(pairs: readonly UserPair[]): Promise<readonly Relation[]> {
    return this.#relations.of(pairs);
  }

  /** Undefined: it has to be read. */
  knownSettings(userId: string): PrivacySettings | undefined {
    return this.#settings.known(userId);
  }

  /** Undefined: it has to be read. */
  knownRelation(pair: UserPair): Relation | undefined {
    return this.#relations.known(pair);
  }
}

interface Kept<V> {
  readonly value: V;
  readonly readAtMs: number;
}

interface ReadThroughOptions<K, V> {
  readonly max: number;
  readonly nowMs: () => number;
  readonly keyOf: (asked: K) => string;
  /** In the order asked. */
  readonly read: (asked: readonly K[]) => Promise<readonly V[]>;
}

class ReadThrough<K, V> {
  readonly #on: ReadThroughOptions<K, V>;
  readonly #kept: LRUCache<string, Kept<V>>;

  constructor(options: ReadThroughOptions<K, V>) {
    this.#on = options;
    this.#kept = new LRUCache({ max: options.max });
  }

  known(asked: K): V | undefined {
    const kept = this.#kept.get(this.#on.keyOf(asked));
    return kept !== undefined && this.#isFresh(kept) ? kept.value : undefined;
  }

  #isFresh({ readAtMs }: Kept<V>): boolean {
    return this.#on.nowMs() - readAtMs < privacyTtlMs;
  }

  async of(asked: readonly K[]): Promise<readonly V[]> {
    const kept = asked.map((one) => this.#kept.get(this.#on.keyOf(one)));
    const found: (V | undefined)[] = kept.map((one) => one?.value);
    const stale = [...asked.keys()].filter((index) => kept[index] === undefined || !this.#isFresh(kept[index]));
    for (let from = 0; from < stale.length; from += maxPerRead) {
      await this.#read(asked, stale.slice(from, from + maxPerRead), found);
    }
    return found as V[];
  }

  /** Reads what is at the indexes into `found`; what is known stays if SQL is away. */
  async #read(asked: readonly K[], indexes: readonly number[], found: (V | undefined)[]): Promise<void> {
    const readAtMs = this.#on.nowMs();
    try {
      const values = await this.#on.read(indexes.map((index) => asked[index]!));
      indexes.forEach((index, position) => {
        const value = values[position]!;
        found[index] = value;
        this.#kept.set(this.#on.keyOf(asked[index]!), { value, readAtMs });
      });
    } catch (error) {
      const isOutage = hasCode(error, 'unavailable') || hasCode(error, 'overloaded');
      if (!isOutage || indexes.some((index) => found[index] === undefined)) throw error;
    }
  }
}
