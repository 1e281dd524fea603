/**
 * Who may see whose presence in a run: settings and address books, and for each pair of users whether one ever might see the other.
 */
import {
  audiences,
  defaultPrivacy,
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

  /** Told here a second time, so that a defect of the rule shows: neither hides it from the other. */
  isVisible(viewerId: string, watchedId: string): boolean {
    return viewerId === watchedId || !(this.#hides(viewerId, watchedId) || this.#hides(watchedId, viewerId));
  }

  #hides(userId: string, from: string): boolean {
    const lastSeen = this.#settings.get(userId)?.lastSeen ?? 'everyone';
    return lastSeen === 'nobody' || (lastSeen === 'contacts' && !this.#contacts.has(pairOf(userId, from)));
  }

  wasEverVisible(viewerId: string, watchedId: string): boolean {
    return !this.isChanging || this.#everVisible.has(pairOf(viewerId, watchedId));
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
