/**
 * One connection of one device: who it is, and what the gateway remembers of it.
 *
 * Hundreds of thousands of these are held, most of them idle, so everything that an idle connection does not need is null until
 * it is needed. Timers belong to the gateway's one tick: a connection sits in one slot of its timing wheel (`wheel*`), and in the
 * list of active connections while something of it is due within seconds. It has the members of a session entry and of a
 * presence lease, so that renewals pass connections as they are.
 */

import type { Lease } from '@parley/projections/presence/store';
import { encodeFrame, encodeJsonFrame } from '@parley/schemas/codec/frame-codec';
import type { FrameName, FrameTypes } from '@parley/schemas/generated/wire';
import type { GatewayCounts } from './counts.ts';
import type { FrameBudget } from './frames/frame-budget.ts';
import type { PendingFrame } from './frames/order.ts';
import type { ReadQueue } from './frames/reads.ts';
import type { SaidTyping } from './frames/typing.ts';
import type { LiveState } from './live/live-state.ts';
import type { Outgoing } from './outgoing.ts';
import type { Told } from './presence/watch-index.ts';
import type { SendResult, Socket } from './socket.ts';
import type { WheelNode } from './wheel.ts';

export type FrameForm = 'avro' | 'json';

export class Connection implements Lease, WheelNode {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: number;
  readonly gatewayId: string;
  /** Of the presence topic. */
  readonly partition: number;
  readonly form: FrameForm;
  readonly #socket: Socket;
  readonly #counts: GatewayCounts;

  isOpen = true;
  lastHeardMs: number;
  renewedAtMs: number;
  renewals = 0;
  wheelSlot = -1;
  wheelNext: WheelNode | null = null;
  wheelPrevious: WheelNode | null = null;
  /** In the list that every tick walks. */
  isActive = false;

  sendsInFlight = 0;
  /** Sends that the log holds and whose verdict did not pass here yet; a hint for draining. */
  verdictsAwaited = 0;
  errors = 0;
  errorsSinceMs = 0;
  /** Frames refused because there were too many, in the minute since. */
  refused = 0;
  refusedSinceMs = 0;

  live: LiveState | null = null;
  pending: PendingFrame[] | null = null;
  reads: ReadQueue | null = null;
  watched: Map<string, Told> | null = null;
  budget: FrameBudget | null = null;
  typing: readonly SaidTyping[] | null = null;

  constructor(
    lease: Lease & { readonly partition: number },
    form: FrameForm,
    socket: Socket,
    counts: GatewayCounts,
    nowMs: number,
  ) {
    this.userId = lease.userId;
    this.deviceId = lease.deviceId;
    this.connectionId = lease.connectionId;
    this.gatewayId = lease.gatewayId;
    this.partition = lease.partition;
    this.form = form;
    this.#socket = socket;
    this.#counts = counts;
    this.lastHeardMs = nowMs;
    this.renewedAtMs = nowMs;
  }

  /** A frame that is for this connection alone. */
  send<N extends FrameName>(name: N, body: FrameTypes[N]): SendResult {
    if (!this.isOpen) return 'dropped';
    this.#counts.framesOut++;
    return this.#socket.send(this.form === 'json' ? encodeJsonFrame(name, body) : encodeFrame(name, body));
  }

  /** A frame that may go to others as well. */
  write(frame: Outgoing): SendResult {
    if (!this.isOpen) return 'dropped';
    this.#counts.framesOut++;
    return this.#socket.send(this.form === 'json' ? frame.json : frame.avro);
  }

  get bufferedBytes(): number {
    return this.isOpen ? this.#socket.bufferedBytes() : 0;
  }

  /** Ends the socket; only what ends the session as well calls it. */
  closeSocket(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
