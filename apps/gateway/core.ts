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

import { pause, type TimerHandle } from '@parley/schemas/environment/clock';
import { type ErrorCode, errorCatalogue } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { DeliverySink } from '@parley/streams/delivery/delivery';
import { Connection } from './connection.ts';
import { GatewayCounts, PublishedCounts } from './counts.ts';
import type { GatewayDependencies } from './dependencies.ts';
import { drainConnections } from './drain.ts';
import { helloOf } from './hello.ts';
import { buildParts, type GatewayParts } from './parts.ts';
import { ReadinessProbe } from './readiness-probe.ts';
import type { Admission } from './sessions/admissions.ts';
import type { Handshake } from './sessions/handshake.ts';
import type { GatewaySettings } from './settings.ts';
import type { Socket } from './socket.ts';

/** How long `stop` waits for what the ended sessions still owe, and how often it looks. */
const stopTimeoutMs = 2_000;
const stopStepMs = 10;

export class GatewayCore {
  readonly settings: GatewaySettings;
  readonly counts = new GatewayCounts();
  readonly #on: GatewayDependencies;
  readonly #parts: GatewayParts;
  readonly #ticks: TimerHandle;
  #isDraining = false;

  /** `presencePartitions`: how many the topic of presence has. */
  constructor(on: GatewayDependencies, settings: GatewaySettings, presencePartitions: number) {
    this.#on = on;
    this.settings = settings;
    const { counts } = this;
    const close = (connection: Connection, code: ErrorCode): void => this.close(connection, code);
    this.#parts = buildParts({ on, settings, counts, presencePartitions, close });
    const published = new PublishedCounts(counts, on.metrics, settings.gatewayId);
    const probe = new ReadinessProbe(on, settings.gatewayId);
    this.#ticks = on.timers.every(settings.tickMs, () => {
      if (!this.#clockIsRight()) this.#closeAll('not_ready');
      this.#parts.ticker.tick();
      probe.tick();
      published.publish();
    });
  }

  get sink(): DeliverySink {
    return this.#parts.sink;
  }

  /** May be given new connections: not draining, the log takes appends, and the clock is right (design rule 2). */
  isReady(): boolean {
    return !this.#isDraining && this.#on.log.isReady() && this.#clockIsRight();
  }

  #clockIsRight(): boolean {
    return this.#on.clockCheck?.isRight !== false;
  }

  /** @throws ParleyError why the upgrade is refused */
  async admit(handshake: Handshake): Promise<Admission> {
    try {
      if (this.#isDraining) throw new ParleyError('going_away');
      if (!this.#clockIsRight()) throw new ParleyError('not_ready', { detail: 'the clock of this gateway is wrong' });
      return await this.#parts.admissions.admit(handshake);
    } catch (error) {
      this.counts.refusedUpgrades++;
      if (error instanceof ParleyError) throw error;
      this.#on.logger.error({ err: error }, 'an upgrade could not be handled');
      throw new ParleyError('internal', { cause: error });
    }
  }

  /** The client left before its socket was open. */
  abandon(admission: Admission): void {
    this.#parts.admissions.abandon(admission);
  }

  open({ lease, form }: Admission, socket: Socket): Connection {
    const { admissions, connections, revocations, ticker } = this.#parts;
    const nowMs = this.#on.clock.nowMs();
    const connection = new Connection(lease, form, socket, this.counts, nowMs);
    admissions.opened();
    this.counts.connections++;
    this.counts.admitted++;
    const other = connections.ofDevice(lease.deviceId);
    if (other !== undefined && other.connectionId > lease.connectionId) {
      this.close(connection, 'superseded');
      return connection;
    }
    if (revocations.isRecent(lease.deviceId)) {
      this.close(connection, 'device_revoked');
      return connection;
    }
    connections.add(connection);
    if (other !== undefined) this.close(other, 'superseded');
    ticker.opened(connection);
    connection.send('hello', helloOf(connection, this.settings, nowMs));
    if (this.#isDraining) this.close(connection, 'going_away');
    return connection;
  }

  /** A WebSocket message; `bytes` is only looked at during the call. */
  receive(connection: Connection, bytes: Buffer, isBinary: boolean): void {
    this.#parts.dispatch.receive(connection, bytes, isBinary);
  }

  /** A sign of life that is no frame, such as a ping of the WebSocket protocol. */
  heard(connection: Connection): void {
    connection.lastHeardMs = this.#on.clock.nowMs();
  }

  /** The socket took what it had buffered. */
  drained(connection: Connection): void {
    if (!connection.isOpen) return;
    this.#parts.live.askToSync(connection);
    this.#parts.dispatch.drained(connection);
  }

  /** The socket has closed, whoever closed it. */
  ended(connection: Connection): void {
    if (!connection.isOpen) return;
    const { connections, ticker, watches, receipts, live, missed, departures } = this.#parts;
    connection.isOpen = false;
    this.counts.connections--;
    connections.remove(connection);
    ticker.closed(connection);
    watches.drop(connection);
    if (connection.live !== null) for (const mark of connection.live.marks) receipts.flush(connection, mark);
    const owed = live.takeUnacknowledged(connection);
    departures.add(connection, missed.jobs(connection, owed, this.#on.clock.nowMs()));
    connection.pending = null;
    connection.reads = null;
  }

  close(connection: Connection, code: ErrorCode): void {
    if (!connection.isOpen) return;
    this.ended(connection);
    connection.closeSocket(errorCatalogue[code].closeCode ?? 1011, code);
  }

  /** Not ready from now on; resolves when every connection has left, within `drainTimeoutMs`. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const { clock, timers, random } = this.#on;
    const close = (connection: Connection, code: ErrorCode): void => this.close(connection, code);
    const unsettled = (): number => this.#unsettled();
    await drainConnections(
      { connections: this.#parts.connections, close, unsettled, clock, timers, random },
      this.settings,
    );
  }

  /** Ends at once what a drain would have ended in order, and waits a little for what is owed. */
  async stop(): Promise<void> {
    this.#isDraining = true;
    const { clock, timers } = this.#on;
    this.#closeAll('going_away');
    const deadlineMs = clock.nowMs() + stopTimeoutMs;
    while (this.#unsettled() > 0 && clock.nowMs() < deadlineMs) await pause(timers, stopStepMs);
    this.#ticks.cancel();
    this.#parts.revocations.stop();
    this.#parts.outbox.close();
  }

  #closeAll(code: ErrorCode): void {
    for (const connection of [...this.#parts.connections]) this.close(connection, code);
  }

  #unsettled(): number {
    const { admissions, connections, departures, receipts, sends } = this.#parts;
    return admissions.underWay + connections.size + departures.size + receipts.unsettled + sends.inFlight;
  }
}
