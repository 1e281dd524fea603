/**
 * Who watches whom on this gateway: `watch`, `unwatch`, and where presence frames go (design rule 19).
 *
 * The presence store knows which gateways watch a user, this index which of the connections. The store forgets a watch after 5 min,
 * so each tick says a slice of the index again, all of it within `watchRenewalMs`. A connection watches at most `maxWatched` users.
 */

import type { PresenceStore } from '@parley/projections/presence/store';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { UnwatchFrame, WatchFrame } from '@parley/schemas/generated/wire';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { Logger } from 'pino';
import type { Connection } from './connection.ts';
import type { GatewaySettings } from './settings.ts';

export interface PresenceWatchDependencies {
  readonly presence: PresenceStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

const noWatchers: ReadonlySet<Connection> = new Set();

export class PresenceWatch {
  readonly #on: PresenceWatchDependencies;
  readonly #settings: GatewaySettings;
  readonly #watchers = new Map<string, Set<Connection>>();
  /** For each answer under way, whose presence changed since it was asked for. */
  readonly #reading = new Set<Set<string>>();
  #round: Iterator<string> | null = null;

  constructor(dependencies: PresenceWatchDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
  }

  watchersOf(userId: string): ReadonlySet<Connection> {
    return this.#watchers.get(userId) ?? noWatchers;
  }

  /** A change of the user's presence goes to its watchers now: an answer that is being read may be from before. */
  changes(userId: string): void {
    for (const changed of this.#reading) changed.add(userId);
  }

  /** Answers with the presence of each user. The store is told first, so no change falls between answer and watch. */
  async watch(connection: Connection, frame: WatchFrame): Promise<void> {
    const userIds = distinctUsers(frame.user_ids);
    const added = userIds.filter((userId) => connection.watched?.has(userId) !== true);
    if ((connection.watched?.size ?? 0) + added.length > this.#settings.maxWatched) {
      throw new ParleyError('invalid_request', { detail: 'user_ids: more than limits.max_watched' });
    }
    for (const userId of added) this.#add(connection, userId);
    try {
      await this.#on.presence.watch(this.#settings.gatewayId, userIds, this.#on.clock.nowMs());
      await this.#answer(connection, userIds);
    } catch (error) {
      for (const userId of added) this.#remove(connection, userId);
      throw error;
    }
  }

  /** Leaves out whom the connection was told of meanwhile: what it was told is newer. */
  async #answer(connection: Connection, userIds: readonly string[]): Promise<void> {
    const changed = new Set<string>();
    this.#reading.add(changed);
    try {
      for (const { userId, status, lastSeenMs } of await this.#on.presence.read(userIds)) {
        if (changed.has(userId)) continue;
        connection.send('presence', { user_id: userId, status, last_seen_ms: lastSeenMs });
      }
    } finally {
      this.#reading.delete(changed);
    }
  }

  async unwatch(connection: Connection, frame: UnwatchFrame): Promise<void> {
    await this.#forget(distinctUsers(frame.user_ids).filter((userId) => this.#remove(connection, userId)));
  }

  /** The connection has ended. */
  drop(connection: Connection): void {
    if (connection.watched === null) return;
    const unwatched = [...connection.watched].filter((userId) => this.#remove(connection, userId));
    this.#forget(unwatched).catch((error: unknown) => {
      this.#on.logger.warn({ err: error }, 'watches were not taken back; they expire');
    });
  }

  #add(connection: Connection, userId: string): void {
    // Its frame was handled across a look-up in which it may have ended: nothing would take the watch back.
    if (!connection.isOpen) return;
    connection.watched ??= new Set();
    connection.watched.add(userId);
    const watchers = this.#watchers.get(userId);
    if (watchers === undefined) this.#watchers.set(userId, new Set([connection]));
    else watchers.add(connection);
  }

  /** True if nobody here watches the user any more. */
  #remove(connection: Connection, userId: string): boolean {
    connection.watched?.delete(userId);
    if (connection.watched?.size === 0) connection.watched = null;
    const watchers = this.#watchers.get(userId);
    if (watchers === undefined || !watchers.delete(connection) || watchers.size > 0) return false;
    this.#watchers.delete(userId);
    return true;
  }

  async #forget(userIds: readonly string[]): Promise<void> {
    const gone = userIds.filter((userId) => !this.#watchers.has(userId));
    if (gone.length > 0) await this.#on.presence.unwatch(this.#settings.gatewayId, gone);
  }

  /** Says the next slice again. */
  async tick(): Promise<void> {
    const { watchRenewalMs, tickMs, gatewayId } = this.#settings;
    const count = Math.ceil((this.#watchers.size * tickMs) / watchRenewalMs);
    const slice: string[] = [];
    while (slice.length < count) {
      this.#round ??= this.#watchers.keys();
      const { value, done } = this.#round.next();
      if (done === true) {
        this.#round = null;
        break;
      }
      slice.push(value);
    }
    if (slice.length > 0) await this.#on.presence.watch(gatewayId, slice, this.#on.clock.nowMs());
  }
}

/** @throws ParleyError `invalid_request` */
function distinctUsers(userIds: readonly string[]): string[] {
  for (const userId of userIds) {
    if (!isUuid(userId)) throw new ParleyError('invalid_request', { detail: 'user_ids' });
  }
  return [...new Set(userIds)];
}
