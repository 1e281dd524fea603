/**
 * Who may see whose presence: the rule of privacy.ts over what the directory says, both users' settings and what they have to do
 * with each other, each at most a minute old.
 *
 * Nearly always everything is known and the answer is there at once. Everybody may see themselves.
 */

import { maySeePresence, type UserPair } from '@parley/projections/directory/privacy';
import type { CachedPrivacy } from '@parley/projections/directory/privacy.cached';

export type PrivacySource = Pick<CachedPrivacy, 'settingsOf' | 'relationsOf' | 'knownSettings' | 'knownRelation'>;

/** Somebody who looks, and whom they look at. */
export interface Look {
  readonly viewerId: string;
  readonly watchedId: string;
}

export class PresenceVisibility {
  readonly #privacy: PrivacySource;

  constructor(privacy: PrivacySource) {
    this.#privacy = privacy;
  }

  /** Undefined: it has to be asked. */
  known({ viewerId, watchedId }: Look): boolean | undefined {
    if (viewerId === watchedId) return true;
    const viewer = this.#known(viewerId, watchedId);
    const watched = this.#known(watchedId, viewerId);
    return viewer === undefined || watched === undefined ? undefined : maySeePresence(viewer, watched);
  }

  #known(ownerId: string, otherId: string) {
    const settings = this.#privacy.knownSettings(ownerId);
    const relation = this.#privacy.knownRelation({ ownerId, otherId });
    return settings === undefined || relation === undefined ? undefined : { settings, relation };
  }

  /** In the order asked. @throws ParleyError `unavailable`, `overloaded` */
  async ask(looks: readonly Look[]): Promise<readonly boolean[]> {
    const userIds = [...new Set(looks.flatMap(({ viewerId, watchedId }) => [viewerId, watchedId]))];
    const pairs = looks.flatMap(({ viewerId, watchedId }): UserPair[] => [
      { ownerId: viewerId, otherId: watchedId },
      { ownerId: watchedId, otherId: viewerId },
    ]);
    const [list, relations] = await Promise.all([this.#privacy.settingsOf(userIds), this.#privacy.relationsOf(pairs)]);
    const settings = new Map(userIds.map((userId, index) => [userId, list[index]!]));
    return looks.map(({ viewerId, watchedId }, index) => {
      if (viewerId === watchedId) return true;
      const viewer = { settings: settings.get(viewerId)!, relation: relations[2 * index]! };
      const watched = { settings: settings.get(watchedId)!, relation: relations[2 * index + 1]! };
      return maySeePresence(viewer, watched);
    });
  }
}
