/**
 * Tells watchers of a user's presence, those who may see it; the others are told once that there is nothing to see, which is
 * what is said of somebody who never was here, too.
 *
 * A change is told on the turn on which it comes if it is known of every watcher whether they may see it. Where it is not, the
 * newest change of that user waits for one read, which all that wait share. An answer to `watch` reads presence and visibility at
 * once, and leaves out whose presence changed meanwhile: that is newer.
 *
 * What was told last is remembered for five minutes, of users who are watched here and of no others: every change of theirs comes
 * by. So a user whom thousands watch is read once. A slice of the round reads them all again, sooner than that: it makes
 * good for a change that got lost, and takes from screens what may be seen no more.
 */
import type { PresenceStore, UserPresence } from '@parley/projections/presence/store';
import { decodeFrame, encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import type { PresenceFrame } from '@parley/schemas/generated/wire';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Connection } from '../connection.ts';
import type { LiveDelivery } from '../live/live-delivery.ts';
import { writeUnasked } from '../live/unasked.ts';
import type { Look, PresenceVisibility } from '../lookups/presence-visibility.ts';
import { Outgoing } from '../outgoing.ts';
import type { GatewaySettings } from '../settings.ts';
import type { WatchIndex } from './watch-index.ts';

export interface PresenceTellerDependencies {
  readonly presence: Pick<PresenceStore, 'read'>;
  readonly visibility: PresenceVisibility;
  readonly watches: WatchIndex;
  readonly live: Pick<LiveDelivery, 'fellBehind'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Remembered {
  readonly presence: UserPresence;
  readonly atMs: number;
}

export const presenceTtlMs = 5 * 60_000;
/** Users whose changes wait are decided so many at a time. */
const maxDecidedAtOnce = 256;

type IsVisible = (look: Look) => boolean | undefined;

export class PresenceTeller {
  readonly #on: PresenceTellerDependencies;
  readonly #highWaterBytes: number;
  readonly #remembered: LRUCache<string, Remembered>;
  /** For each answer under way, whose presence changed since it was asked for. */
  readonly #reading = new Set<Set<string>>();
  /** The newest change of each user that waits until it is known who may see it; of watched users alone. */
  readonly #undecided = new Map<string, UserPresence>();
  #isDeciding = false;

  constructor(dependencies: PresenceTellerDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#highWaterBytes = settings.highWaterBytes;
    this.#remembered = new LRUCache({ max: settings.maxCachedPresences });
  }

  /** A presence frame was routed here. */
  changed(userId: string, frame: Outgoing): void {
    for (const changed of this.#reading) changed.add(userId);
    if (!this.#on.watches.isWatched(userId)) return;
    const presence = presenceIn(frame);
    this.#remember(presence);
    const { visibility } = this.#on;
    const waits =
      this.#undecided.has(userId) || this.#looksAt(userId).some((look) => visibility.known(look) === undefined);
    if (!waits) {
      this.#tell(presence, (look) => visibility.known(look));
      return;
    }
    this.#undecided.set(userId, presence);
    this.decide();
  }

  #looksAt(watchedId: string): Look[] {
    return [...this.#on.watches.watchersOf(watchedId)].map(({ userId }) => ({ viewerId: userId, watchedId }));
  }

  /** Decides what waits; also tried again by each tick, for the directory may be away. */
  decide(): void {
    if (this.#isDeciding || this.#undecided.size === 0) return;
    this.#isDeciding = true;
    this.#decideAll()
      .catch((error: unknown) => this.#on.logger.warn({ err: error }, 'presence is not told until it is known to whom'))
      .finally(() => {
        this.#isDeciding = false;
      });
  }

  async #decideAll(): Promise<void> {
    while (this.#undecided.size > 0) {
      const userIds = [...this.#undecided.keys()].slice(0, maxDecidedAtOnce);
      const isVisible = await this.#ask(userIds);
      for (const userId of userIds) {
        const presence = this.#undecided.get(userId);
        if (presence === undefined) continue;
        this.#undecided.delete(userId);
        this.#tell(presence, isVisible);
      }
    }
  }

  async #ask(userIds: readonly string[]): Promise<IsVisible> {
    const looks = userIds.flatMap((userId) => this.#looksAt(userId));
    const answers = await this.#on.visibility.ask(looks);
    const visible = new Map(looks.map((look, index) => [keyOf(look), answers[index]!]));
    return (look) => visible.get(keyOf(look)) ?? this.#on.visibility.known(look);
  }

  /** Nobody is told what they were told. What could not be written is told with the next round. */
  #tell(presence: UserPresence, isVisible: IsVisible): void {
    const { userId } = presence;
    const nothing = nothingOf(userId);
    const frames = new Map<UserPresence, Outgoing>();
    for (const connection of this.#on.watches.watchersOf(userId)) {
      const visible = isVisible({ viewerId: connection.userId, watchedId: userId });
      const shown = visible === true ? presence : nothing;
      const told = connection.watched?.get(userId) ?? null;
      if (visible === undefined) {
        connection.watched?.set(userId, null);
      } else if (told === null || !isSame(told, shown)) {
        const frame = frames.get(shown) ?? frameOf(shown);
        frames.set(shown, frame);
        const isWritten = writeUnasked(connection, frame, this.#on.live, this.#highWaterBytes);
        connection.watched?.set(userId, isWritten ? shown : null);
      }
    }
  }

  /** Tells a connection of users whom it has begun to watch. @throws ParleyError, or what the store throws */
  async answer(connection: Connection, userIds: readonly string[]): Promise<void> {
    const looks = userIds.map((watchedId): Look => ({ viewerId: connection.userId, watchedId }));
    await this.#whileReading(async (changed) => {
      const [presences, visible] = await Promise.all([this.#read(userIds, changed), this.#on.visibility.ask(looks)]);
      presences.forEach((presence, index) => {
        const { userId } = presence;
        const shown = visible[index] === true ? presence : nothingOf(userId);
        if (changed.has(userId) || connection.watched?.has(userId) !== true) return;
        connection.watched.set(userId, shown);
        connection.send('presence', bodyOf(shown));
      });
    });
  }

  /** Reads these watched users again, and tells what is not what was told. @throws ParleyError, or what the store throws */
  async refresh(userIds: readonly string[]): Promise<void> {
    await this.#whileReading(async (changed) => {
      const [presences, isVisible] = await Promise.all([this.#on.presence.read(userIds), this.#ask(userIds)]);
      for (const presence of presences) {
        const { userId } = presence;
        if (changed.has(userId) || !this.#on.watches.isWatched(userId)) continue;
        const before = this.#remembered.get(userId)?.presence;
        // A store that lost its data knows nobody, until leases are renewed: that is no news of anybody.
        const now = before !== undefined && isUnknown(presence) ? before : presence;
        this.#remember(now);
        this.#tell(now, isVisible);
      }
    });
  }

  async #whileReading(read: (changed: ReadonlySet<string>) => Promise<void>): Promise<void> {
    const changed = new Set<string>();
    this.#reading.add(changed);
    try {
      await read(changed);
    } finally {
      this.#reading.delete(changed);
    }
  }

  /** In the order asked. */
  async #read(userIds: readonly string[], changed: ReadonlySet<string>): Promise<readonly UserPresence[]> {
    const known = userIds.map((userId) => this.#recall(userId));
    const unknown = userIds.filter((_, index) => known[index] === undefined);
    const read = unknown.length === 0 ? [] : await this.#on.presence.read(unknown);
    for (const presence of read) if (!changed.has(presence.userId)) this.#remember(presence);
    let next = 0;
    return known.map((presence) => presence ?? read[next++]!);
  }

  #recall(userId: string): UserPresence | undefined {
    const remembered = this.#remembered.get(userId);
    if (remembered === undefined || this.#on.clock.nowMs() - remembered.atMs >= presenceTtlMs) return undefined;
    return remembered.presence;
  }

  #remember(presence: UserPresence): void {
    if (!this.#on.watches.isWatched(presence.userId)) return;
    this.#remembered.set(presence.userId, { presence, atMs: this.#on.clock.nowMs() });
  }

  /** Nobody here watches the user any more: changes do not come by from now on. */
  forget(userId: string): void {
    this.#remembered.delete(userId);
    this.#undecided.delete(userId);
  }
}

const keyOf = ({ viewerId, watchedId }: Look): string => `${viewerId}/${watchedId}`;

const nothingOf = (userId: string): UserPresence => ({ userId, status: 'offline', lastSeenMs: null });

const isUnknown = ({ status, lastSeenMs }: UserPresence): boolean => status === 'offline' && lastSeenMs === null;

const isSame = (one: UserPresence, other: UserPresence): boolean =>
  one.status === other.status && one.lastSeenMs === other.lastSeenMs;

const bodyOf = ({ userId, status, lastSeenMs }: UserPresence): PresenceFrame => ({
  ...{ user_id: userId, status, last_seen_ms: lastSeenMs },
});

const frameOf = (presence: UserPresence): Outgoing => new Outgoing(encodeFrame('presence', bodyOf(presence)));

function presenceIn({ avro }: Outgoing): UserPresence {
  const { name, body } = decodeFrame(avro);
  invariant(name === 'presence', 'only presence frames go to watchers');
  return { userId: body.user_id, status: body.status, lastSeenMs: body.last_seen_ms };
}
