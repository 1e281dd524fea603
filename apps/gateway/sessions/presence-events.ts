/** Connects and disconnects as events of chat.presence, and the lease that stands behind them (design rule 19). */

import type { Lease, PresenceStore } from '@parley/projections/presence/store';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import type { PresenceStatus } from '@parley/schemas/generated/events';
import { appendAll } from '@parley/streams/log/append-all';
import type { Log } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';

export type PartitionedLease = Lease & { readonly partition: number };

export interface PresenceEventsDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly presence: PresenceStore;
  readonly clock: Clock;
}

export class PresenceEvents {
  readonly #on: PresenceEventsDependencies;

  constructor(dependencies: PresenceEventsDependencies) {
    this.#on = dependencies;
  }

  /** Resolves when the log holds the event and the lease is there: from then on the end of the connection is noticed by somebody. */
  async online(lease: PartitionedLease): Promise<void> {
    const nowMs = this.#on.clock.nowMs();
    await Promise.all([this.#append([lease], 'online', nowMs), this.#on.presence.renew([lease], nowMs)]);
  }

  /** The event first: if it can't be appended the lease runs out, and the sweep says the same. */
  async offline(leases: readonly PartitionedLease[]): Promise<void> {
    await this.#append(leases, 'offline', this.#on.clock.nowMs());
    await Promise.all(leases.map((lease) => this.#on.presence.release(lease.partition, lease)));
  }

  /** Said again for connections whose entries were lost. */
  onlineAgain(leases: readonly PartitionedLease[]): Promise<void> {
    return this.#append(leases, 'online', this.#on.clock.nowMs());
  }

  async #append(leases: readonly PartitionedLease[], status: PresenceStatus, nowMs: number): Promise<void> {
    await appendAll(
      this.#on.log,
      leases.map(({ userId, deviceId, connectionId, gatewayId }) => ({
        topic: topics.presence,
        key: userId,
        value: this.#on.codec.encode('presence_changed', {
          user_id: userId,
          device_id: deviceId,
          connection_id: connectionId,
          gateway_id: gatewayId,
          status,
          at_ms: nowMs,
          swept: false,
        }),
        timestampMs: nowMs,
      })),
    );
  }
}
