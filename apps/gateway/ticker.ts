/**
 * What time does to connections: one tick a second for all of them, no timer for any (design rule 17).
 *
 * A connection sits in the timing wheel at the earlier of two moments: when it will have been silent for too long, and when its
 * entry and lease want renewal. Looked at then, it is closed, renewed, or put where it now belongs; frames that arrive
 * in between only note the time. A renewal that finds its entry gone shows that the store lost its data: then nothing is routed to
 * anybody until renewed, so all the others are brought forward, spread over as little time as the store can bear. Connections that owe something within seconds (pending receipts, unacknowledged messages) are
 * in the active list, which every tick walks.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { Logger } from 'pino';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { GatewayCounts } from './counts.ts';
import type { ReceiptLog } from './frames/receipt-log.ts';
import type { LiveDelivery } from './live/live-delivery.ts';
import type { PushOutbox } from './live/push-outbox.ts';
import type { PresenceWatch } from './presence-watch.ts';
import type { Renewals } from './sessions/renewals.ts';
import type { Revocations } from './sessions/revocations.ts';
import type { GatewaySettings } from './settings.ts';
import { TimingWheel } from './wheel.ts';

export interface TickerDependencies {
  readonly connections: Connections;
  readonly renewals: Renewals;
  readonly revocations: Revocations;
  readonly receipts: ReceiptLog;
  readonly live: LiveDelivery;
  readonly outbox: PushOutbox;
  readonly watches: PresenceWatch;
  readonly close: (connection: Connection, code: ErrorCode) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly counts: GatewayCounts;
  readonly logger: Logger;
}

/** Renewals under way at once: with a store that is slower than ticks, connections wait in the wheel instead. */
const maxRenewalsUnderWay = 4;
/** For the last renewals of a hurry to be answered. */
const hurryGraceMs = 5_000;

export class Ticker {
  readonly #on: TickerDependencies;
  readonly #settings: GatewaySettings;
  readonly #wheel: TimingWheel<Connection>;
  #renewing = 0;
  /** Until when the last hurry is under way: what it finds lost is no news. */
  #hurriedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: TickerDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
    this.#wheel = new TimingWheel(Math.ceil(settings.heartbeatTimeoutMs / settings.tickMs) + 2);
  }

  /** A connection has opened; its renewals are put at a random phase, so that a crowd does not stay one. */
  opened(connection: Connection): void {
    const { renewalIntervalMs } = this.#settings;
    connection.renewedAtMs -= this.#on.random.next() * 0.5 * renewalIntervalMs;
    this.#schedule(connection, this.#on.clock.nowMs());
  }

  closed(connection: Connection): void {
    this.#wheel.remove(connection);
  }

  tick(): void {
    const nowMs = this.#on.clock.nowMs();
    this.#visitDue(nowMs);
    this.#on.receipts.beginTick();
    this.#on.connections.visitActive((connection) => this.#visitActive(connection, nowMs));
    this.#on.outbox.flush();
    this.#on.watches.tick().catch((error: unknown) => {
      this.#on.logger.warn({ err: error }, 'watches were not said again; the next round does');
    });
  }

  #visitDue(nowMs: number): void {
    const { heartbeatTimeoutMs, renewalIntervalMs, renewalsPerRevocationCheck } = this.#settings;
    const renewed: Connection[] = [];
    const checked: Connection[] = [];
    this.#wheel.advance((connection) => {
      if (nowMs - connection.lastHeardMs >= heartbeatTimeoutMs) {
        this.#on.counts.heartbeatTimeouts++;
        this.#on.close(connection, 'heartbeat_timeout');
        return;
      }
      if (nowMs - connection.renewedAtMs >= renewalIntervalMs && this.#renewing < maxRenewalsUnderWay) {
        connection.renewedAtMs = nowMs;
        renewed.push(connection);
        if (++connection.renewals % renewalsPerRevocationCheck === 0) checked.push(connection);
      }
      this.#schedule(connection, nowMs);
    });
    if (renewed.length === 0) return;
    this.#renewing++;
    void Promise.all([this.#renew(renewed, nowMs), this.#on.revocations.check(checked)]).finally(() => {
      this.#renewing--;
    });
  }

  async #renew(connections: readonly Connection[], startedMs: number): Promise<void> {
    const outcome = await this.#on.renewals.renew(connections);
    if (outcome === 'renewed') return;
    if (outcome === 'lost') this.#hurry(startedMs);
    else this.#bringForward(connections, this.#settings.renewalRetryMs, this.#settings.renewalRetryMs);
  }

  /** Brings forward every renewal that was not made since. */
  #hurry(sinceMs: number): void {
    if (sinceMs < this.#hurriedUntilMs) return;
    const { connections, clock } = this.#on;
    const { tickMs, hurriedRenewalsPerSecond } = this.#settings;
    const spreadMs = Math.max(tickMs, (connections.size / hurriedRenewalsPerSecond) * 1_000);
    this.#hurriedUntilMs = clock.nowMs() + spreadMs + hurryGraceMs;
    const hurried = [...connections].filter((connection) => connection.renewedAtMs < sinceMs);
    this.#bringForward(hurried, 0, spreadMs);
  }

  /** Due for renewal after `afterMs`, and a random part of `spreadMs`. */
  #bringForward(connections: readonly Connection[], afterMs: number, spreadMs: number): void {
    const nowMs = this.#on.clock.nowMs();
    for (const connection of connections) {
      if (!connection.isOpen) continue;
      const delayMs = afterMs + this.#on.random.next() * spreadMs;
      connection.renewedAtMs = nowMs - this.#settings.renewalIntervalMs + delayMs;
      this.#schedule(connection, nowMs);
    }
  }

  #schedule(connection: Connection, nowMs: number): void {
    const { heartbeatTimeoutMs, renewalIntervalMs, tickMs } = this.#settings;
    const dueMs = Math.min(connection.lastHeardMs + heartbeatTimeoutMs, connection.renewedAtMs + renewalIntervalMs);
    this.#wheel.schedule(connection, (dueMs - nowMs) / tickMs);
  }

  #visitActive(connection: Connection, nowMs: number): boolean {
    let isOwing = false;
    if (connection.live !== null) {
      for (const mark of connection.live.marks) isOwing = this.#on.receipts.flush(connection, mark) || isOwing;
    }
    return this.#on.live.tick(connection, nowMs) || isOwing;
  }
}
