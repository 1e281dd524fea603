/**
 * The end of sessions: push jobs for what was not acknowledged, the entry removed, the offline event, the lease released.
 *
 * Departures are collected while the previous ones are worked off, so that ten thousand at once are a few round trips. The lease
 * goes last, and only once the push jobs and the offline event are in the log: if they can't be, or this process dies, the lease
 * runs out and its sweep does both (design rules 14 and 19). The entry is removed only if it still carries this connection's
 * id (design rule 17). Nothing is tried again here, apart from push jobs: entries and leases expire by themselves.
 */

import type { SessionStore } from '@parley/projections/sessions/store';
import type { PushJob } from '@parley/schemas/generated/events';
import type { Logger } from 'pino';
import type { PushOutbox } from '../live/push-outbox.ts';
import type { PartitionedLease, PresenceEvents } from './presence-events.ts';

export interface DeparturesDependencies {
  readonly sessions: SessionStore;
  readonly presence: PresenceEvents;
  readonly outbox: PushOutbox;
  readonly logger: Logger;
}

export class Departures {
  readonly #on: DeparturesDependencies;
  #waiting: PartitionedLease[] = [];
  #working: Promise<void> | null = null;
  /** Departures whose push jobs wait for the log. */
  #owing = 0;

  constructor(dependencies: DeparturesDependencies) {
    this.#on = dependencies;
  }

  /** Sessions that are not fully ended. */
  get size(): number {
    return this.#waiting.length + this.#owing + (this.#working === null ? 0 : 1);
  }

  add(lease: PartitionedLease, jobs: readonly PushJob[]): void {
    if (jobs.length === 0) {
      this.#enter(lease);
      return;
    }
    this.#owing++;
    void this.#on.outbox.submit(jobs).then((areDurable) => {
      this.#owing--;
      if (areDurable) this.#enter(lease);
      else void this.#removeEntries([lease]);
    });
  }

  #enter(lease: PartitionedLease): void {
    this.#waiting.push(lease);
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      await Promise.all([this.#removeEntries(batch), this.#sayOffline(batch)]);
    }
  }

  async #removeEntries(batch: readonly PartitionedLease[]): Promise<void> {
    try {
      await this.#on.sessions.remove(batch);
    } catch (error) {
      this.#on.logger.warn({ err: error, sessions: batch.length }, 'sessions were not removed; they expire');
    }
  }

  async #sayOffline(batch: readonly PartitionedLease[]): Promise<void> {
    try {
      await this.#on.presence.offline(batch);
    } catch (error) {
      this.#on.logger.warn({ err: error, sessions: batch.length }, 'offline was not said; the leases run out');
    }
  }
}
