/**
 * A gateway without its network: sessions, frames and deliveries behind `Socket` (so the simulator runs it unchanged).
 *
 * ```ts
 * const admission = await core.admit(handshake);          // the upgrade: authenticated and registered
 * const connection = core.open(admission, socket);        // the socket is there: hello
 * core.receive(connection, bytes, isBinary);              // for every WebSocket message
 * core.ended(connection);                                 // the socket has closed
 * ```
 */

import type { TimerHandle } from '@parley/schemas/environment/clock';
import { type ErrorCode, errorCatalogue } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { currentRules } from '@parley/streams/conversation/rules';
import type { DeliverySink } from '@parley/streams/delivery/delivery';
import { partitionOf } from '@parley/streams/log/partitioner';
import { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { exposeCounts, GatewayCounts } from './counts.ts';
import type { GatewayDependencies } from './dependencies.ts';
import { drainConnections } from './drain.ts';
import { Dispatch } from './frames/dispatch.ts';
import { ErrorReporter } from './frames/error-reporter.ts';
import { ReceiptLog } from './frames/receipt-log.ts';
import { ReceiptQueries } from './frames/receipt-query.ts';
import { ReceiptDesk } from './frames/receipts.ts';
import { SendDesk } from './frames/send.ts';
import { SyncDesk } from './frames/sync.ts';
import { LiveDelivery } from './live/live-delivery.ts';
import { MissedMessages } from './live/missed-messages.ts';
import { PushOutbox } from './live/push-outbox.ts';
import { Sink } from './live/sink.ts';
import { Membership } from './lookups/membership.ts';
import { PresenceWatch } from './presence-watch.ts';
import { type Admission, Admissions } from './sessions/admissions.ts';
import { Departures } from './sessions/departures.ts';
import type { Handshake } from './sessions/handshake.ts';
import { PresenceEvents } from './sessions/presence-events.ts';
import { Renewals } from './sessions/renewals.ts';
import type { GatewaySettings } from './settings.ts';
import type { Socket } from './socket.ts';
import { Ticker } from './ticker.ts';

export class GatewayCore {
  readonly settings: GatewaySettings;
  readonly counts = new GatewayCounts();
  readonly sink: DeliverySink;
  readonly #on: GatewayDependencies;
  readonly #connections = new Connections();
  readonly #outbox: PushOutbox;
  readonly #missed: MissedMessages;
  readonly #departures: Departures;
  readonly #admissions: Admissions;
  readonly #receipts: ReceiptLog;
  readonly #live: LiveDelivery;
  readonly #watches: PresenceWatch;
  readonly #sends: SendDesk;
  readonly #dispatch: Dispatch;
  readonly #ticker: Ticker;
  readonly #ticks: TimerHandle;
  #isDraining = false;

  /** `presencePartitions`: how many the topic of presence has. */
  constructor(on: GatewayDependencies, settings: GatewaySettings, presencePartitions: number) {
    this.#on = on;
    this.settings = settings;
    const { counts } = this;
    const { log, codec, clock, timers, logger, presence, sessions, inbox, messages, members } = on;
    const close = (connection: Connection, code: ErrorCode): void => this.close(connection, code);
    const connections = this.#connections;
    exposeCounts(counts, on.metrics);

    const events = new PresenceEvents({ log, codec, presence, clock });
    this.#outbox = new PushOutbox(on.pushJobs, settings.maxPushJobs, counts, logger);
    this.#missed = new MissedMessages(this.#outbox);
    this.#departures = new Departures({ sessions, presence: events, outbox: this.#outbox, logger });
    this.#admissions = new Admissions(
      {
        ...{
          tokens: on.tokens,
          sessions,
          presence: events,
          departures: this.#departures,
          clock,
          timers,
          counts,
          logger,
        },
        partitionOfUser: (userId) => partitionOf(userId, presencePartitions),
      },
      settings,
    );

    this.#receipts = new ReceiptLog({ log, codec, clock, connections, counts, logger }, settings.maxReceiptRetries);
    const flush = (connection: Connection, mark: Parameters<ReceiptLog['flush']>[1]): void => {
      this.#receipts.flush(connection, mark);
    };
    const live = new LiveDelivery(settings, connections, this.#missed, flush, counts);
    this.#live = live;
    this.#watches = new PresenceWatch({ presence, clock, logger }, settings);
    this.sink = new Sink({ connections, watches: this.#watches, live, clock, counts }, settings);

    const errors = new ErrorReporter(settings, close, counts, logger);
    const membership = new Membership({ members, users: on.users, timers }, settings);
    this.#sends = new SendDesk(
      { log, codec, clock, limiter: on.limiter, messages, membership, errors, counts },
      settings,
    );
    this.#dispatch = new Dispatch(
      {
        sends: this.#sends,
        receipts: new ReceiptDesk({
          inbox,
          members,
          messages,
          receipts: on.receipts,
          clock,
          live,
          log: this.#receipts,
        }),
        sync: new SyncDesk({ inbox, history: on.history, clock, live }, settings),
        queries: new ReceiptQueries({ members, receipts: on.receipts }),
        watches: this.#watches,
      },
      ...([errors, clock, counts, settings] as const),
    );

    const renewals = new Renewals({ sessions, presence, events, close, clock, counts, logger });
    this.#ticker = new Ticker(
      {
        ...{
          connections,
          renewals,
          receipts: this.#receipts,
          live,
          outbox: this.#outbox,
          watches: this.#watches,
          close,
        },
        ...{ clock, random: on.random, counts, logger },
      },
      settings,
    );
    this.#ticks = timers.every(settings.tickMs, () => this.#ticker.tick());
  }

  /** May be given new connections: not draining, and the log takes appends (a wrong clock is a reason why not). */
  isReady(): boolean {
    return !this.#isDraining && this.#on.log.isReady();
  }

  /** @throws ParleyError why the upgrade is refused */
  async admit(handshake: Handshake): Promise<Admission> {
    try {
      if (this.#isDraining) throw new ParleyError('going_away');
      return await this.#admissions.admit(handshake);
    } catch (error) {
      this.counts.refusedUpgrades++;
      if (error instanceof ParleyError) throw error;
      this.#on.logger.error({ err: error }, 'an upgrade could not be handled');
      throw new ParleyError('internal', { cause: error });
    }
  }

  /** The client left before its socket was open. */
  abandon(admission: Admission): void {
    this.#admissions.abandon(admission);
  }

  open({ lease, form }: Admission, socket: Socket): Connection {
    const nowMs = this.#on.clock.nowMs();
    const connection = new Connection(lease, form, socket, this.counts, nowMs);
    this.#admissions.opened();
    this.counts.connections++;
    this.counts.admitted++;
    const other = this.#connections.ofDevice(lease.deviceId);
    if (other !== undefined && other.connectionId > lease.connectionId) {
      this.close(connection, 'superseded');
      return connection;
    }
    this.#connections.add(connection);
    if (other !== undefined) this.close(other, 'superseded');
    this.#ticker.opened(connection);
    this.#sayHello(connection, nowMs);
    if (this.#isDraining) this.close(connection, 'going_away');
    return connection;
  }

  /** A WebSocket message; `bytes` is only looked at during the call. */
  receive(connection: Connection, bytes: Buffer, isBinary: boolean): void {
    this.#dispatch.receive(connection, bytes, isBinary);
  }

  /** A sign of life that is no frame, such as a ping of the WebSocket protocol. */
  heard(connection: Connection): void {
    connection.lastHeardMs = this.#on.clock.nowMs();
  }

  /** The socket took what it had buffered. */
  drained(connection: Connection): void {
    if (!connection.isOpen) return;
    this.#live.askToSync(connection);
    this.#dispatch.drained(connection);
  }

  /** The socket has closed, whoever closed it. */
  ended(connection: Connection): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    this.counts.connections--;
    this.#connections.remove(connection);
    this.#ticker.closed(connection);
    this.#watches.drop(connection);
    if (connection.live !== null) for (const mark of connection.live.marks) this.#receipts.flush(connection, mark);
    const owed = this.#live.takeUnacknowledged(connection);
    this.#departures.add(connection, this.#missed.jobs(connection, owed, this.#on.clock.nowMs()));
    connection.pending = null;
    connection.reads = null;
  }

  close(connection: Connection, code: ErrorCode): void {
    if (!connection.isOpen) return;
    const closeCode = errorCatalogue[code].closeCode ?? 1011;
    this.ended(connection);
    connection.closeSocket(closeCode, code);
  }

  /** The device was revoked: nothing more goes to it (design rule 21). */
  revokeDevice(deviceId: string): void {
    const connection = this.#connections.ofDevice(deviceId);
    if (connection !== undefined) this.close(connection, 'device_revoked');
  }

  /** Not ready from now on; resolves when every connection has left, within `drainTimeoutMs`. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const { clock, timers, random } = this.#on;
    const close = (connection: Connection, code: ErrorCode): void => this.close(connection, code);
    const unsettled = (): number => this.#unsettled();
    await drainConnections({ connections: this.#connections, close, unsettled, clock, timers, random }, this.settings);
  }

  #unsettled(): number {
    const { underWay } = this.#admissions;
    return underWay + this.#connections.size + this.#departures.size + this.#receipts.unsettled + this.#sends.inFlight;
  }

  /** Ends at once what a drain would have ended in order. */
  stop(): void {
    this.#isDraining = true;
    for (const connection of [...this.#connections]) this.close(connection, 'going_away');
    this.#ticks.cancel();
    this.#outbox.close();
  }

  #sayHello(connection: Connection, nowMs: number): void {
    const { settings } = this;
    connection.send('hello', {
      connection_id: connection.connectionId,
      user_id: connection.userId,
      device_id: connection.deviceId,
      gateway_id: settings.gatewayId,
      server_time_ms: nowMs,
      heartbeat_interval_ms: settings.heartbeatIntervalMs,
      heartbeat_timeout_ms: settings.heartbeatTimeoutMs,
      rules_version: currentRules.version,
      limits: {
        max_frame_bytes: settings.maxFrameBytes,
        max_body_bytes: settings.maxBodyBytes,
        max_preview_chars: settings.maxPreviewChars,
        max_page_entries: settings.maxPageEntries,
        max_watched: settings.maxWatched,
        live_window: settings.liveWindow,
        messages_per_minute: settings.messagesPerMinute,
        message_id_window_ms: currentRules.messageIdWindowMs,
      },
    });
  }
}
