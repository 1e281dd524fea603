/**
 * Ends the connections of revoked devices (design rule 21).
 *
 * A feed tells of a revocation within milliseconds. Three things make up for what it can't: a connection that is being admitted
 * while its device is revoked is looked for among the last revocations when it opens; after a time in which the feed did not
 * hear, all connections are looked up in the denylist; and each is looked up every few renewals in any case.
 */
import type { RevocationFeed } from '@parley/projections/sessions/revocations';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { Logger } from 'pino';
import type { Connection } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { GatewayCounts } from '../counts.ts';

/** More than are revoked while an admission is under way. */
const maxRecent = 10_000;
/** Looked up in one go when all are. */
const connectionsPerLook = 500;

export interface RevocationsDependencies {
  readonly feed: RevocationFeed;
  readonly sessions: Pick<SessionStore, 'isRevoked'>;
  readonly connections: Connections;
  readonly close: (connection: Connection, code: ErrorCode) => void;
  readonly counts: GatewayCounts;
  readonly logger: Logger;
}

export class Revocations {
  readonly #on: RevocationsDependencies;
  /** The oldest first. */
  readonly #recent = new Set<string>();
  readonly #unlisten: () => void;
  #looks: 'none' | 'under way' | 'again' = 'none';

  constructor(dependencies: RevocationsDependencies) {
    this.#on = dependencies;
    this.#unlisten = dependencies.feed.listen({
      revoked: (deviceId) => this.revoke(deviceId),
      missed: () => void this.#lookAtAll(),
    });
  }

  stop(): void {
    this.#unlisten();
  }

  /** True if the device was revoked of late: asked when a connection opens, for the denylist was read before. */
  isRecent(deviceId: string): boolean {
    return this.#recent.has(deviceId);
  }

  revoke(deviceId: string): void {
    this.#recent.add(deviceId);
    if (this.#recent.size > maxRecent) {
      for (const oldest of this.#recent) {
        this.#recent.delete(oldest);
        break;
      }
    }
    const connection = this.#on.connections.ofDevice(deviceId);
    if (connection !== undefined) this.#end(connection);
  }

  /** Looks the devices up in the denylist. Never rejects. */
  async check(connections: readonly Connection[]): Promise<void> {
    if (connections.length === 0) return;
    try {
      const revoked = await Promise.all(connections.map(({ deviceId }) => this.#on.sessions.isRevoked(deviceId)));
      connections.forEach((connection, index) => {
        if (revoked[index] === true) this.#end(connection);
      });
    } catch (error) {
      this.#on.counts.renewalFailures++;
      this.#on.logger.warn({ err: error, sessions: connections.length }, 'revocations were not checked');
    }
  }

  #end(connection: Connection): void {
    this.#on.close(connection, 'device_revoked');
  }

  /** Never rejects; one look at a time. */
  async #lookAtAll(): Promise<void> {
    if (this.#looks !== 'none') {
      this.#looks = 'again';
      return;
    }
    do {
      this.#looks = 'under way';
      const all = [...this.#on.connections];
      for (let i = 0; i < all.length; i += connectionsPerLook) await this.check(all.slice(i, i + connectionsPerLook));
    } while ((this.#looks as 'under way' | 'again') === 'again');
    this.#looks = 'none';
  }
}
