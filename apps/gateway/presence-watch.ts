/**
 * `watch` and `unwatch`: who wants to hear of whose presence (design rule 19).
 *
 * The presence store knows which gateways watch a user, the index here which of the connections. The store forgets a watch after
 * 5 min, so each tick says a slice of the index again, all of it within `watchRenewalMs`, and looks whether what was told still
 * holds. A connection watches at most `maxWatched` users.
 */

import type { PresenceStore } from '@parley/projections/presence/store';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { UnwatchFrame, WatchFrame } from '@parley/schemas/generated/wire';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { Logger } from 'pino';
import type { Connection } from './connection.ts';
import type { PresenceTeller } from './presence/presence-teller.ts';
import type { WatchIndex } from './presence/watch-index.ts';
import type { GatewaySettings } from './settings.ts';

export interface PresenceWatchDependencies {
  readonly presence: PresenceStore;
  readonly watches: WatchIndex;
  readonly teller: PresenceTeller;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class PresenceWatch {
  readonly #on: PresenceWatchDependencies;
  readonly #settings: GatewaySettings;
  /** Users whose turn has come, of the round: a part of one is kept for the next tick. */
  #due = 0;

  constructor(dependencies: PresenceWatchDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
  }

  /** Answers with the presence of each user. The store is told first, so no change falls between answer and watch. */
  async watch(connection: Connection, frame: WatchFrame): Promise<void> {
    const userIds = distinctUsers(frame.user_ids);
    const added = userIds.filter((userId) => connection.watched?.has(userId) !== true);
    if ((connection.watched?.size ?? 0) + added.length > this.#settings.maxWatched) {
      throw new ParleyError('invalid_request', { detail: 'user_ids: more than limits.max_watched' });
    }
    for (const userId of added) this.#on.watches.add(connection, userId);
    try {
      await this.#on.presence.watch(this.#settings.gatewayId, userIds, this.#on.clock.nowMs());
      await this.#on.teller.answer(connection, userIds);
    } catch (error) {
      for (const userId of added) this.#remove(connection, userId);
      throw error;
    }
  }

  async unwatch(connection: Connection, frame: UnwatchFrame): Promise<void> {
    await this.#forget(distinctUsers(frame.user_ids).filter((userId) => this.#remove(connection, userId)));
  }

  /** The connection has ended. */
  drop(connection: Connection): void {
    if (connection.watched === null) return;
    const unwatched = [...connection.watched.keys()].filter((userId) => this.#remove(connection, userId));
    this.#forget(unwatched).catch((error: unknown) => {
      this.#on.logger.warn({ err: error }, 'watches were not taken back; they expire');
    });
  }

  /** True if nobody here watches the user any more. */
  #remove(connection: Connection, userId: string): boolean {
    const isLast = this.#on.watches.remove(connection, userId);
    if (isLast) this.#on.teller.forget(userId);
    return isLast;
  }

  async #forget(userIds: readonly string[]): Promise<void> {
    const gone = userIds.filter((userId) => !this.#on.watches.isWatched(userId));
    if (gone.length > 0) await this.#on.presence.unwatch(this.#settings.gatewayId, gone);
  }

  /** Says the next slice again. */
  async tick(): Promise<void> {
    const { watchRenewalMs, tickMs, gatewayId } = this.#settings;
    this.#on.teller.decide();
    this.#due += (this.#on.watches.size * tickMs) / watchRenewalMs;
    const slice = this.#on.watches.slice(Math.floor(this.#due));
    this.#due %= 1;
    if (slice.length === 0) return;
    await this.#on.presence.watch(gatewayId, slice, this.#on.clock.nowMs());
    await this.#on.teller.refresh(slice);
  }
}

/** @throws ParleyError `invalid_request` */
function distinctUsers(userIds: readonly string[]): string[] {
  for (const userId of userIds) {
    if (!isUuid(userId)) throw new ParleyError('invalid_request', { detail: 'user_ids' });
  }
  return [...new Set(userIds)];
}
