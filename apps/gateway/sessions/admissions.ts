/**
 * From an upgrade request to a registered session.
 *
 * The session entry, the lease and the online event exist before the client is sent anything. So when it begins to sync, a message
 * is either in the store already or routed to this connection; there is no third case (design section 3). The denylist is read
 * after the registration: a revocation either is seen here, or finds the entry and can reach the connection (design rule 21).
 * Who gives up half way leaves nothing behind: what was registered is taken back.
 */

import type { AccessTokenVerifier } from '@parley/projections/directory/directory';
import { FixedWindows } from '@parley/projections/limits/fixed-windows';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import type { FrameForm } from '../connection.ts';
import type { GatewayCounts } from '../counts.ts';
import type { GatewaySettings } from '../settings.ts';
import type { Departures } from './departures.ts';
import { checkPrincipal, type Handshake, type Offer, readOffer } from './handshake.ts';
import type { PartitionedLease, PresenceEvents } from './presence-events.ts';

const connectWindowMs = 60_000;

/** A registered session that has no socket yet: it must be opened or abandoned. */
export interface Admission {
  readonly lease: PartitionedLease;
  readonly protocol: string;
  readonly form: FrameForm;
}

export interface AdmissionsDependencies {
  readonly tokens: AccessTokenVerifier;
  readonly sessions: SessionStore;
  readonly presence: PresenceEvents;
  readonly departures: Departures;
  readonly partitionOfUser: (userId: string) => number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly counts: GatewayCounts;
  readonly logger: Logger;
}

export class Admissions {
  readonly #on: AdmissionsDependencies;
  readonly #settings: GatewaySettings;
  /** A connection costs a session, a lease and an event; and one that begins anew has all its allowances. */
  readonly #connects: FixedWindows;
  #underWay = 0;

  constructor(dependencies: AdmissionsDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
    this.#connects = new FixedWindows({ limit: settings.connectsPerMinute, windowMs: connectWindowMs });
  }

  /** Registered or about to be, and not yet a connection. */
  get underWay(): number {
    return this.#underWay;
  }

  /** @throws ParleyError why the upgrade is refused */
  async admit(handshake: Handshake): Promise<Admission> {
    if (this.#on.counts.connections + this.#underWay >= this.#settings.maxConnections) {
      throw new ParleyError('too_many_connections');
    }
    const offer = readOffer(handshake);
    this.#underWay++;
    try {
      return await this.#register(handshake, offer);
    } catch (error) {
      this.#underWay--;
      throw error;
    }
  }

  /** The admission became a connection. */
  opened(): void {
    this.#underWay--;
  }

  /** The client left before its socket was open. */
  abandon({ lease }: Admission): void {
    this.#underWay--;
    this.#on.departures.add(lease, []);
  }

  async #register(handshake: Handshake, { token, protocol, form }: Offer): Promise<Admission> {
    const { clock, tokens, sessions, partitionOfUser } = this.#on;
    if (token === '') throw new ParleyError('unauthenticated');
    const principal = await tokens.verify(token);
    checkPrincipal(principal, handshake, clock.nowMs());
    const { userId, deviceId } = principal;
    const retryAfterMs = this.#connects.take(userId, clock.nowMs());
    if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs: Math.ceil(retryAfterMs) });
    const { gatewayId } = this.#settings;
    const partition = partitionOfUser(userId);
    const lease = this.#settled(sessions.register({ userId, deviceId }, gatewayId)).then(async (connectionId) => {
      const registered = { userId, deviceId, gatewayId, connectionId, partition };
      await this.#announce(registered);
      return registered;
    });
    return { lease: await this.#withinTimeout(lease), protocol, form };
  }

  async #announce(lease: PartitionedLease): Promise<void> {
    try {
      if (await this.#settled(this.#on.sessions.isRevoked(lease.deviceId))) throw new ParleyError('device_revoked');
      await this.#settled(this.#on.presence.online(lease));
    } catch (error) {
      this.#on.departures.add(lease, []);
      throw error;
    }
  }

  /** What is wrong with stores and log is not the client's to know: this gateway can't take it now. */
  async #settled<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      this.#on.logger.warn({ err: error }, 'a session could not be registered');
      throw new ParleyError('not_ready', { cause: error });
    }
  }

  /** If it is registered after all, later than anybody waits for it, it is taken back. */
  #withinTimeout(registering: Promise<PartitionedLease>): Promise<PartitionedLease> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timeout = this.#on.timers.after(this.#settings.admissionTimeoutMs, () => {
        isLate = true;
        reject(new ParleyError('not_ready', { detail: 'registration timed out' }));
      });
      registering.then(
        (lease) => {
          timeout.cancel();
          if (isLate) this.#on.departures.add(lease, []);
          else resolve(lease);
        },
        (error: unknown) => {
          timeout.cancel();
          reject(error instanceof Error ? error : new ParleyError('internal', { cause: error }));
        },
      );
    });
  }
}
