/**
 * Who may see whose presence in a run: settings and address books, and for each pair of users whether one ever might see the other.
 */
import {
  audiences,
  defaultPrivacy,
  maySeePresence,
  type PrivacyDirectory,
  type PrivacySettings,
  type Relation,
  stranger,
  type UserPair,
} from '@parley/projections/directory/privacy';
import type { Life } from '../environment/life.ts';
import type { Remote } from '../environment/remote.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';

const pairOf = (one: string, other: string): string => `${one}/${other}`;

export class SimPrivacy {
  /** Users change their settings on the way. */
  isChanging = false;
  changedAtMs = Number.NEGATIVE_INFINITY;
  readonly #users: readonly string[];
  readonly #settings = new Map<string, PrivacySettings>();
  readonly #contacts = new Set<string>();
  readonly #everVisible = new Set<string>();

  /** `users` may still grow. */
  constructor(users: readonly string[]) {
    this.#users = users;
  }

  /** What the users chose before anybody connects. */
  begin(random: SeededRandom): void {
    this.isChanging = true;
    for (const userId of this.#users) {
      for (const other of this.#users) if (random.chance(0.5)) this.#contacts.add(pairOf(userId, other));
      if (random.chance(0.5)) this.#choose(userId, random);
    }
    this.#note();
  }

  change(userId: string, random: SeededRandom, nowMs: number): void {
    if (!this.isChanging) return;
    this.changedAtMs = nowMs;
    this.#note();
    this.#choose(userId, random);
    this.#note();
  }

  #choose(userId: string, random: SeededRandom): void {
    this.#settings.set(userId, { ...defaultPrivacy, lastSeen: random.pick(audiences) });
  }

  #note(): void {
    for (const viewer of this.#users) {
      for (const watched of this.#users)
        if (this.isVisible(viewer, watched)) this.#everVisible.add(pairOf(viewer, watched));
    }
  }

  isVisible(viewerId: string, watchedId: string): boolean {
    if (viewerId === watchedId) return true;
    return maySeePresence(this.#side(viewerId, watchedId), this.#side(watchedId, viewerId));
  }

  wasEverVisible(viewerId: string, watchedId: string): boolean {
    return !this.isChanging || this.#everVisible.has(pairOf(viewerId, watchedId));
  }

  #side(ownerId: string, otherId: string) {
    return { settings: this.#settings.get(ownerId) ?? defaultPrivacy, relation: this.#relation(ownerId, otherId) };
  }

  #relation(ownerId: string, otherId: string): Relation {
    return { ...stranger, isContact: this.#contacts.has(pairOf(ownerId, otherId)) };
  }

  /** As a process asks for it. */
  of(life: Life, remote: Remote): PrivacyDirectory {
    return {
      settingsOf: (userIds) =>
        remote.call(life, () => userIds.map((userId) => this.#settings.get(userId) ?? defaultPrivacy)),
      relationsOf: (pairs: readonly UserPair[]) =>
        remote.call(life, () => pairs.map(({ ownerId, otherId }) => this.#relation(ownerId, otherId))),
    };
  }
}
