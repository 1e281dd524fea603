/**
 * Leaves the service without losing anything that was acknowledged, and without sending everybody elsewhere at once.
 *
 * Every connection is told `go_away` with a moment of its own, spread evenly and in random order over a time that grows with
 * their number. Until its moment a connection works as ever. Then it is closed with 4503, unless sends of it are still on their way
 * into the log or towards their verdict: those are waited for, the latter for a short while only. At the deadline everything
 * that is left is closed. The drain ends when every session has ended too: entries removed, pushes and receipts in the log.
 */
import { type Clock, pause, type Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { Connection } from './connection.ts';
import type { GatewaySettings } from './settings.ts';

export interface DrainDependencies {
  readonly connections: Iterable<Connection>;
  readonly close: (connection: Connection, code: ErrorCode) => void;
  /** What is not settled yet of connections that have ended, and of upgrades under way. */
  readonly unsettled: () => number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

interface Leaving {
  readonly connection: Connection;
  readonly dueMs: number;
}

const stepMs = 20;
/** A client that reconnects by itself at its moment is given this long before the gateway closes. */
const courtesyMs = 100;

export async function drainConnections(on: DrainDependencies, settings: GatewaySettings): Promise<void> {
  const deadlineMs = on.clock.nowMs() + settings.drainTimeoutMs;
  let leaving = sayGoAway(on, settings);
  while (leaving.length > 0) {
    const nowMs = on.clock.nowMs();
    leaving = leaving.filter((one) => {
      if (!one.connection.isOpen) return false;
      if (nowMs < deadlineMs && !mayClose(one, nowMs, settings)) return true;
      on.close(one.connection, 'going_away');
      return false;
    });
    if (leaving.length > 0) await pause(on.timers, stepMs);
  }
  while (on.unsettled() > 0 && on.clock.nowMs() < deadlineMs) await pause(on.timers, stepMs);
}

function sayGoAway({ connections, clock, random }: DrainDependencies, settings: GatewaySettings): Leaving[] {
  const all = shuffle([...connections], random);
  const fullMs = (all.length * 1_000) / settings.drainConnectionsPerSecond;
  const spreadMs = Math.min(fullMs, settings.drainSpreadMs);
  const nowMs = clock.nowMs();
  return all.map((connection, index) => {
    const afterMs = Math.round((spreadMs * index) / all.length);
    connection.send('go_away', { reason: 'draining', reconnect_after_ms: afterMs });
    return { connection, dueMs: nowMs + afterMs };
  });
}

function mayClose({ connection, dueMs }: Leaving, nowMs: number, settings: GatewaySettings): boolean {
  if (nowMs < dueMs + courtesyMs || connection.sendsInFlight > 0) return false;
  return connection.verdictsAwaited === 0 || nowMs >= dueMs + settings.drainVerdictMs;
}

function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const other = Math.floor(random.next() * (i + 1));
    [items[i], items[other]] = [items[other]!, items[i]!];
  }
  return items;
}
