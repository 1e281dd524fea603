/**
 * Keeps entries and leases alive: all that are due in a tick in one pipelined write each (design rule 17).
 *
 * `rewritten`: the entry was gone or older, so messages may have passed this connection by: the device is asked to sync, and
 * its presence is said again, for it may have been lost with the entry. `superseded`: the device has a newer connection elsewhere.
 */

import type { PresenceStore } from '@parley/projections/presence/store';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { Clock } from '@parley/schemas/environment/clock';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { Logger } from 'pino';
import type { Connection } from '../connection.ts';
import type { GatewayCounts } from '../counts.ts';
import type { PresenceEvents } from './presence-events.ts';

export interface RenewalsDependencies {
  readonly sessions: SessionStore;
  readonly presence: PresenceStore;
  readonly events: PresenceEvents;
  readonly close: (connection: Connection, code: ErrorCode) => void;
  readonly clock: Clock;
  readonly counts: GatewayCounts;
  readonly logger: Logger;
}

/** `lost`: entries were missing, so the store has lost some, perhaps all. `failed`: nothing is known of these entries. */
export type RenewalsOutcome = 'renewed' | 'lost' | 'failed';

export class Renewals {
  readonly #on: RenewalsDependencies;

  constructor(dependencies: RenewalsDependencies) {
    this.#on = dependencies;
  }

  /** Never rejects. */
  async renew(connections: readonly Connection[]): Promise<RenewalsOutcome> {
    if (connections.length === 0) return 'renewed';
    const { sessions, presence, clock, counts, logger } = this.#on;
    try {
      const [renewals] = await Promise.all([sessions.renew(connections), presence.renew(connections, clock.nowMs())]);
      const rewritten: Connection[] = [];
      connections.forEach((connection, index) => {
        if (!connection.isOpen) this.#takeBack(connection);
        else if (renewals[index] === 'superseded') this.#on.close(connection, 'superseded');
        else if (renewals[index] === 'rewritten') rewritten.push(connection);
      });
      await this.#resync(rewritten);
      return rewritten.length > 0 ? 'lost' : 'renewed';
    } catch (error) {
      counts.renewalFailures++;
      logger.warn({ err: error, sessions: connections.length }, 'sessions were not renewed');
      return 'failed';
    }
  }

  async #resync(connections: readonly Connection[]): Promise<void> {
    if (connections.length === 0) return;
    this.#on.counts.sessionsRewritten += connections.length;
    this.#on.logger.warn(
      { sessions: connections.length },
      'session entries were lost; their devices are asked to sync',
    );
    for (const connection of connections) connection.send('resync', { reason: 'session_renewed' });
    await this.#on.events.onlineAgain(connections);
  }

  /** It ended while it was renewed, and the renewal may have come after the removal. The lease runs out. */
  #takeBack(connection: Connection): void {
    this.#on.sessions.remove([connection]).catch((error: unknown) => {
      this.#on.logger.warn({ err: error }, 'a renewed session was not taken back; it expires');
    });
  }
}
