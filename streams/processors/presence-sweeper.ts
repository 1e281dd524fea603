/**
 * Ends the connections whose gateway does not renew them (design rules 14 and 19).
 *
 * For each owned partition, every 5 s: a lease that ran out becomes an `offline` event in chat.presence, which comes back through
 * the processor like any other, and push jobs for what the device may lack; only then is the lease released. A failure between
 * leaves the lease, so the next sweep repeats the jobs (the same work has the same id) but not the event.
 *
 * After the store failed, gateways could not renew either: for one heartbeat and a bit nothing counts as run out.
 *
 * A store that lost its data has no leases to run out. So the connections known to be online are compared with the leases: one
 * that has none for `missingGraceMs` counts as run out, one that has its lease again was renewed by a living gateway, and is entered anew.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import type { PresenceChanged } from '@parley/schemas/generated/events';
import type { Counter, Registry } from 'prom-client';
import { counterIn } from '../delivery/link-metrics.ts';
import { appendAll } from '../log/append-all.ts';
import type { Log } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import type { PushJobQueue } from '../push/push-jobs.ts';
import { inParallel } from './in-parallel.ts';
import type { KnownConnection, KnownConnections } from './presence-known.ts';
import { jobsForLostDevice } from './presence-lost.ts';
import type { InboxPages, PresenceLease, PresenceLedger, WatermarksOfDevices } from './presence-ports.ts';

export interface SweeperDependencies {
  readonly codec: EventCodec;
  readonly ledger: PresenceLedger;
  readonly log: Pick<Log, 'append'>;
  readonly pushJobs: PushJobQueue;
  readonly inbox: InboxPages;
  readonly watermarks: WatermarksOfDevices;
  readonly clock: Clock;
  readonly metrics: Registry;
  /** How long a lease lasts: the last renewal lies that long before its end. */
  readonly leaseMs: number;
  /**
   * How long a connection may be without a lease. A gateway that lives renews it within this time, after the store lost its data:
   * `leaseMs`. None where the store and all gateways are one process: what has no lease belongs to an earlier run.
   */
  readonly missingGraceMs: number;
}

interface EndedConnection {
  readonly lease: PresenceLease;
  readonly lastRenewedMs: number;
}

const maxExpiredAtOnce = 200;
/** Bounds one sweep of a partition; what is left comes with the next. */
const maxRounds = 50;
const maxChecked = 2_000;
const maxDevicesInFlight = 8;
/** A heartbeat's interval, and the time to write it. */
const graceAfterFailureMs = 35_000;
/** Released leases leave this memory, so it holds at most what one failing sweep leaves behind in each partition. */
const maxAnnounced = 100_000;

export class PresenceSweeper {
  readonly #dependencies: SweeperDependencies;
  readonly #swept: Counter;
  /** Connections whose end was appended while their lease could not be released yet. */
  readonly #announced = new Set<string>();
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: SweeperDependencies) {
    this.#dependencies = dependencies;
    this.#swept = counterIn(dependencies.metrics, {
      name: 'parley_presence_swept_total',
      help: 'Connections ended because nobody renewed them',
    });
  }

  /** @throws what a store or the log throws: the next sweep goes on from there */
  async sweep(partition: number, known: KnownConnections): Promise<void> {
    await this.#sweepExpired(partition, known);
    if (known.isComplete) await this.#sweepMissing(partition, known);
  }

  async #sweepExpired(partition: number, known: KnownConnections): Promise<void> {
    const { ledger, leaseMs } = this.#dependencies;
    for (let round = 0; round < maxRounds; round++) {
      const expired = await this.#expired(partition);
      await this.#end(expired.map((lease) => ({ lease, lastRenewedMs: lease.expiredAtMs - leaseMs })));
      await Promise.all(expired.map((lease) => ledger.release(partition, lease)));
      for (const lease of expired) this.#forget(lease, known);
      if (expired.length < maxExpiredAtOnce) return;
    }
  }

  async #expired(partition: number): ReturnType<PresenceLedger['expired']> {
    const { ledger, clock } = this.#dependencies;
    try {
      const expired = await ledger.expired(partition, clock.nowMs(), maxExpiredAtOnce);
      return clock.nowMs() - this.#failedAtMs < graceAfterFailureMs ? [] : expired;
    } catch (error) {
      this.#failedAtMs = clock.nowMs();
      throw error;
    }
  }

  async #sweepMissing(partition: number, known: KnownConnections): Promise<void> {
    const { ledger, clock, missingGraceMs } = this.#dependencies;
    const checked = known.toCheck(maxChecked);
    const missing = new Set(
      (
        await ledger.missing(
          partition,
          checked.map(({ lease }) => lease),
        )
      ).map(keyOf),
    );
    const nowMs = clock.nowMs();
    const ended: KnownConnection[] = [];
    for (const connection of checked) {
      if (!missing.has(keyOf(connection.lease))) {
        if (connection.missingSinceMs !== null) await ledger.connect(connection.lease, connection.atMs);
        connection.missingSinceMs = null;
      } else {
        connection.missingSinceMs ??= nowMs;
        if (nowMs - connection.missingSinceMs >= missingGraceMs) ended.push(connection);
      }
    }
    await this.#end(ended.map(({ lease, missingSinceMs }) => ({ lease, lastRenewedMs: missingSinceMs! })));
    for (const { lease } of ended) this.#forget(lease, known);
  }

  #forget(lease: PresenceLease, known: KnownConnections): void {
    known.remove(lease);
    this.#announced.delete(keyOf(lease));
  }

  async #end(connections: readonly EndedConnection[]): Promise<void> {
    if (connections.length === 0) return;
    const { inbox, watermarks, clock, pushJobs } = this.#dependencies;
    await this.#announce(connections.filter(({ lease }) => !this.#announced.has(keyOf(lease))));
    const jobs = await inParallel(connections, maxDevicesInFlight, ({ lease }) =>
      jobsForLostDevice(lease, { inbox, watermarks, clock }),
    );
    await pushJobs.enqueue(jobs.flat());
  }

  async #announce(connections: readonly EndedConnection[]): Promise<void> {
    const { log, codec, clock } = this.#dependencies;
    const timestampMs = clock.nowMs();
    const requests = connections.map(({ lease, lastRenewedMs }) => {
      const event: PresenceChanged = {
        user_id: lease.userId,
        device_id: lease.deviceId,
        connection_id: lease.connectionId,
        gateway_id: lease.gatewayId,
        status: 'offline',
        at_ms: lastRenewedMs,
        swept: true,
      };
      const value = codec.encode('presence_changed', event);
      return { topic: topics.presence, key: lease.userId, value, timestampMs };
    });
    await appendAll(log, requests);
    if (this.#announced.size + connections.length > maxAnnounced) this.#announced.clear();
    for (const { lease } of connections) this.#announced.add(keyOf(lease));
    this.#swept.inc(connections.length);
  }
}

const keyOf = ({ userId, deviceId, connectionId, gatewayId }: PresenceLease): string =>
  `${userId}/${deviceId}/${connectionId}/${gatewayId}`;
