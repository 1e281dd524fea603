/** Who watches whom on this gateway, both ways: the watchers of a user, and in a connection whom it watches. */
import type { UserPresence } from '@parley/projections/presence/store';
import type { Connection } from '../connection.ts';

/** What a watcher was last told of a user; null: nothing that still holds. */
export type Told = UserPresence | null;

const noWatchers: ReadonlySet<Connection> = new Set();

export class WatchIndex {
  readonly #watchers = new Map<string, Set<Connection>>();
  #round: Iterator<string> | null = null;

  /** Users who are watched. */
  get size(): number {
    return this.#watchers.size;
  }

  isWatched(userId: string): boolean {
    return this.#watchers.has(userId);
  }

  watchersOf(userId: string): ReadonlySet<Connection> {
    return this.#watchers.get(userId) ?? noWatchers;
  }

  add(connection: Connection, userId: string): void {
    // Its frame was handled across a look-up in which it may have ended: nothing would take the watch back.
    if (!connection.isOpen) return;
    connection.watched ??= new Map();
    connection.watched.set(userId, null);
    const watchers = this.#watchers.get(userId);
    if (watchers === undefined) this.#watchers.set(userId, new Set([connection]));
    else watchers.add(connection);
  }

  /** True if nobody here watches the user any more. */
  remove(connection: Connection, userId: string): boolean {
    connection.watched?.delete(userId);
    if (connection.watched?.size === 0) connection.watched = null;
    const watchers = this.#watchers.get(userId);
    if (watchers === undefined || !watchers.delete(connection) || watchers.size > 0) return false;
    this.#watchers.delete(userId);
    return true;
  }

  /** The next users of an endless round through all who are watched. */
  slice(count: number): string[] {
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
    return slice;
  }
}
