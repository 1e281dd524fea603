/**
 * A GatewayLink over streams of batches: an outbox for each gateway, bounded in number, and the one timer that ages them all.
 *
 * A gateway's stream is opened by the first delivery, closed after `idleMs` without one, and forgotten while unreachable once
 * `forgetMs` have passed: as long as sessions live that may still name it. At `maxGateways` the one that was used least recently
 * and has nothing on its way makes room.
 */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { BatchTransport } from './batch-transport.ts';
import type { DeliveryItem, GatewayLink, Unreached } from './delivery.ts';
import { everyTarget, GatewayOutbox, type OutboxLimits, type OutboxObserver } from './gateway-outbox.ts';
import { LinkMetrics } from './link-metrics.ts';

export interface LinkSettings {
  /** A delivery is settled within this time. */
  readonly deadlineMs: number;
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  readonly maxBatchesInFlight: number;
  /** For each gateway. */
  readonly maxQueuedBytes: number;
  readonly maxGateways: number;
  readonly idleMs: number;
  readonly silentMs: number;
  readonly minRedialMs: number;
  readonly maxRedialMs: number;
  readonly forgetMs: number;
}

export const defaultLinkSettings: LinkSettings = {
  deadlineMs: 1_000,
  maxBatchItems: 50,
  maxBatchBytes: 1 << 20,
  maxBatchesInFlight: 8,
  maxQueuedBytes: 16 << 20,
  maxGateways: 1_024,
  idleMs: 60_000,
  silentMs: 5_000,
  minRedialMs: 200,
  maxRedialMs: 2_000,
  forgetMs: 5 * 60_000,
};

export interface LinkDependencies {
  readonly timers: Timers;
  readonly random: Random;
  readonly metrics: Registry;
  readonly logger: Logger;
}

/** Ticks in a deadline: it is kept to a tenth. */
const ticksPerDeadline = 10;

function inTicks(settings: LinkSettings, tickMs: number): OutboxLimits {
  const ticks = (ms: number) => Math.max(1, Math.round(ms / tickMs));
  const { maxBatchItems, maxBatchBytes, maxBatchesInFlight, maxQueuedBytes } = settings;
  return {
    maxBatchItems,
    maxBatchBytes,
    maxBatchesInFlight,
    maxQueuedBytes,
    deadlineTicks: ticksPerDeadline,
    silentTicks: ticks(settings.silentMs),
    minRedialTicks: ticks(settings.minRedialMs),
    maxRedialTicks: ticks(settings.maxRedialMs),
  };
}

export class BatchingLink implements GatewayLink {
  readonly #transport: BatchTransport;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #metrics: LinkMetrics;
  readonly #observer: OutboxObserver;
  readonly #limits: OutboxLimits;
  readonly #tickMs: number;
  readonly #idleTicks: number;
  readonly #forgetTicks: number;
  readonly #maxGateways: number;
  readonly #outboxes = new Map<string, GatewayOutbox>();
  #timer: TimerHandle | null = null;
  #tick = 0;
  #closed = false;

  constructor(
    transport: BatchTransport,
    { timers, random, metrics, logger }: LinkDependencies,
    settings: LinkSettings,
  ) {
    this.#transport = transport;
    this.#timers = timers;
    this.#random = random;
    this.#tickMs = settings.deadlineMs / ticksPerDeadline;
    this.#limits = inTicks(settings, this.#tickMs);
    this.#idleTicks = Math.ceil(settings.idleMs / this.#tickMs);
    this.#forgetTicks = Math.ceil(settings.forgetMs / this.#tickMs);
    this.#maxGateways = settings.maxGateways;
    this.#metrics = new LinkMetrics(metrics);
    this.#observer = {
      unreached: (reason, targets) => this.#metrics.unreached.inc({ reason }, targets),
      circuitOpened: (gatewayId, reason) => {
        this.#metrics.circuitsOpened.inc();
        logger.warn({ gatewayId, reason }, 'gateway does not answer: its recipients count as offline');
      },
      circuitClosed: (gatewayId) => logger.info({ gatewayId }, 'gateway answers again'),
    };
  }

  /** How many gateways there is an outbox for. */
  get size(): number {
    return this.#outboxes.size;
  }

  deliver(gatewayId: string, items: readonly DeliveryItem[]): Promise<readonly Unreached[]> {
    if (items.length === 0) return Promise.resolve([]);
    const outbox = this.#closed ? null : (this.#outboxes.get(gatewayId) ?? this.#add(gatewayId));
    if (outbox !== null) return outbox.deliver(items);
    const unreached = everyTarget(items);
    this.#observer.unreached(this.#closed ? 'closed' : 'too_many_gateways', unreached.length);
    return Promise.resolve(unreached);
  }

  #add(gatewayId: string): GatewayOutbox | null {
    if (this.#outboxes.size >= this.#maxGateways && !this.#makeRoom()) return null;
    const outbox = new GatewayOutbox(gatewayId, this.#transport, {
      limits: this.#limits,
      random: this.#random,
      observer: this.#observer,
      tick: this.#tick,
    });
    this.#outboxes.set(gatewayId, outbox);
    this.#metrics.gateways.set(this.#outboxes.size);
    this.#timer ??= this.#timers.every(this.#tickMs, () => this.#onTick());
    return outbox;
  }

  #makeRoom(): boolean {
    let oldest: GatewayOutbox | null = null;
    for (const outbox of this.#outboxes.values()) {
      if (outbox.isSettled && (oldest === null || outbox.lastUsedTick < oldest.lastUsedTick)) oldest = outbox;
    }
    if (oldest !== null) this.#remove(oldest);
    return oldest !== null;
  }

  #remove(outbox: GatewayOutbox): void {
    outbox.close();
    this.#outboxes.delete(outbox.gatewayId);
    this.#metrics.gateways.set(this.#outboxes.size);
    if (this.#outboxes.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #onTick(): void {
    this.#tick++;
    for (const outbox of this.#outboxes.values()) {
      outbox.tick(this.#tick);
      const unusedTicks = this.#tick - outbox.lastUsedTick;
      const patience = outbox.isCircuitOpen ? this.#forgetTicks : this.#idleTicks;
      if (outbox.isSettled && unusedTicks >= patience) this.#remove(outbox);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const outbox of [...this.#outboxes.values()]) this.#remove(outbox);
    return Promise.resolve();
  }
}
