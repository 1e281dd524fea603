/**
 * The presence processor: connects and disconnects become what is known of a user, and are told to whom watches (design rule 19).
 *
 * A batch is applied user by user in order, then each user whose presence changed is told once, as it is after the batch, to the
 * gateways that watch that user and to no others; then the batch is committed. Every 5 s the leases of the owned partitions are
 * swept (presence-sweeper.ts). What a new owner must know of connections from before is read back from the topic.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { PresenceChanged } from '@parley/schemas/generated/events';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Counter, Registry } from 'prom-client';
import type { DeliveryItem, GatewayLink } from '../delivery/delivery.ts';
import { counterIn } from '../delivery/link-metrics.ts';
import type { BatchHandler, RecordBatch } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import type { PushJobQueue } from '../push/push-jobs.ts';
import { decodeBatch, type PoisonSink } from './decode-batch.ts';
import { inParallel } from './in-parallel.ts';
import { leaseOf } from './presence-known.ts';
import { OwnedPartitions } from './presence-partitions.ts';
import type { InboxPages, PresenceLedger, PresenceLog, PresenceOfUser, WatermarksOfDevices } from './presence-ports.ts';
import { PresenceSweeper } from './presence-sweeper.ts';

export const presenceGroup = 'presence';
const sweepIntervalMs = 5_000;
const maxUsersInFlight = 64;
const maxToldRemembered = 100_000;

export interface PresenceDependencies {
  readonly codec: EventCodec;
  readonly poison: PoisonSink;
  readonly ledger: PresenceLedger;
  readonly link: GatewayLink;
  readonly log: PresenceLog;
  readonly pushJobs: PushJobQueue;
  readonly inbox: InboxPages;
  readonly watermarks: WatermarksOfDevices;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Registry;
  readonly logger: Logger;
  /** How long a lease lasts, as the gateways renew it. */
  readonly leaseMs: number;
  /** How long a connection may be without one (presence-sweeper.ts). */
  readonly missingGraceMs: number;
}

export class PresenceProcessor implements BatchHandler {
  readonly #codec: EventCodec;
  readonly #poison: PoisonSink;
  readonly #ledger: PresenceLedger;
  readonly #link: GatewayLink;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #notified: Counter;
  readonly #owned: OwnedPartitions;
  readonly #sweeper: PresenceSweeper;
  /** What was told of a user last: nothing is told twice. */
  readonly #told = new LRUCache<string, string>({ max: maxToldRemembered });
  #timer: TimerHandle | null = null;
  #sweeping: Promise<void> | null = null;

  constructor(dependencies: PresenceDependencies) {
    const { codec, poison, ledger, link, log, clock, timers, metrics, logger } = dependencies;
    this.#codec = codec;
    this.#poison = poison;
    this.#ledger = ledger;
    this.#link = link;
    this.#clock = clock;
    this.#timers = timers;
    this.#logger = logger;
    this.#owned = new OwnedPartitions({ codec, log, group: presenceGroup, metrics });
    this.#sweeper = new PresenceSweeper(dependencies);
    this.#notified = counterIn(metrics, { name: 'parley_presence_notified_total', help: 'Presence changes told' });
  }

  /** Begins to sweep. */
  start(): void {
    this.#timer ??= this.#timers.every(sweepIntervalMs, () => this.#startSweep());
  }

  /** After the subscription has ended. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#owned.assign([]);
    await this.#sweeping;
  }

  assigned(_generation: number, partitions: ReadonlyArray<{ topic: string; partition: number }>): Promise<void> {
    this.#told.clear();
    this.#owned.assign(partitions.filter(({ topic }) => topic === topics.presence).map(({ partition }) => partition));
    return Promise.resolve();
  }

  async handle(batch: RecordBatch): Promise<number | null> {
    const events = await decodeBatch(batch.records, 'presence_changed', this.#codec, this.#poison);
    const byUser = new Map<string, PresenceChanged[]>();
    for (const event of events) {
      const list = byUser.get(event.user_id);
      if (list === undefined) byUser.set(event.user_id, [event]);
      else list.push(event);
    }
    const presences = await inParallel([...byUser.values()], maxUsersInFlight, (list) => this.#apply(list));
    for (const event of events) this.#owned.connectionsOf(batch.partition)?.apply(event);
    if (!batch.isCurrent()) return null;
    await this.#tell(presences);
    return batch.isCurrent() ? batch.records.at(-1)!.offset + 1 : null;
  }

  /** A user's events in order; resolves to the presence after the last. */
  async #apply(events: readonly PresenceChanged[]): Promise<PresenceOfUser> {
    let presence: PresenceOfUser | null = null;
    for (const event of events) {
      const lease = leaseOf(event);
      presence =
        event.status === 'online'
          ? await this.#ledger.connect(lease, event.at_ms)
          : await this.#ledger.disconnect(lease, event.at_ms);
    }
    return presence!;
  }

  async #tell(presences: readonly PresenceOfUser[]): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const changed = presences.filter((one) => this.#told.get(one.userId) !== toldAs(one));
    const watchers = await inParallel(changed, maxUsersInFlight, ({ userId }) => this.#ledger.watchers(userId, nowMs));
    const byGateway = new Map<string, DeliveryItem[]>();
    changed.forEach((presence, index) => {
      const item = itemFor(presence);
      for (const gatewayId of watchers[index]!) {
        const items = byGateway.get(gatewayId);
        if (items === undefined) byGateway.set(gatewayId, [item]);
        else items.push(item);
      }
    });
    await Promise.all([...byGateway].map(([gatewayId, items]) => this.#link.deliver(gatewayId, items)));
    this.#notified.inc(changed.length);
    for (const presence of changed) this.#told.set(presence.userId, toldAs(presence));
  }

  #startSweep(): void {
    if (this.#sweeping !== null) return;
    this.#sweeping = this.#sweep().finally(() => {
      this.#sweeping = null;
    });
  }

  async #sweep(): Promise<void> {
    for (const partition of this.#owned.partitions()) {
      try {
        const known = await this.#owned.replayed(partition);
        if (known !== null) await this.#sweeper.sweep(partition, known);
      } catch (error) {
        this.#logger.warn({ partition, err: error }, 'the sweep goes on with the next turn');
      }
    }
  }
}

const toldAs = ({ status, lastSeenMs }: PresenceOfUser): string => `${status} ${lastSeenMs}`;

function itemFor({ userId, status, lastSeenMs }: PresenceOfUser): DeliveryItem {
  const frame = encodeFrame('presence', { user_id: userId, status, last_seen_ms: lastSeenMs });
  return { frame, position: null, targets: [], watchersOf: userId };
}
