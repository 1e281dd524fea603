/**
 * Takes deliveries of the processors and writes them to sockets, in one turn (design rules 15-17).
 *
 * A target is this gateway's if exactly that connection is open here; any other is answered as unreached, and goes to push. Message
 * frames go through live delivery. Other frames are small and not repeated by the store, so they are sent to a device that is
 * catching up as well; but to a socket that buffers more than a little nothing unasked is added, and the device is asked to
 * sync once it has drained. A verdict that is left out so is asked for by its client, which sends again (design rule 1).
 */
import { decodeFrame, frameCodes } from '@parley/schemas/codec/frame-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import type { DeliveryItem, DeliverySink, Unreached } from '@parley/streams/delivery/delivery';
import type { Connection } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { GatewayCounts } from '../counts.ts';
import { Outgoing } from '../outgoing.ts';
import type { PresenceWatch } from '../presence-watch.ts';
import type { GatewaySettings } from '../settings.ts';
import type { LiveDelivery } from './live-delivery.ts';
import { type LiveMessage, liveMessageOf } from './live-message.ts';

export interface SinkDependencies {
  readonly connections: Connections;
  readonly watches: PresenceWatch;
  readonly live: LiveDelivery;
  readonly clock: Clock;
  readonly counts: GatewayCounts;
}

export class Sink implements DeliverySink {
  readonly #on: SinkDependencies;
  readonly #highWaterBytes: number;

  constructor(dependencies: SinkDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#highWaterBytes = settings.highWaterBytes;
  }

  deliver(items: readonly DeliveryItem[]): Unreached[] {
    const nowMs = this.#on.clock.nowMs();
    const unreached: Unreached[] = [];
    for (let index = 0; index < items.length; index++) this.#item(items[index]!, index, unreached, nowMs);
    this.#on.counts.unreached += unreached.length;
    return unreached;
  }

  #item(item: DeliveryItem, index: number, unreached: Unreached[], nowMs: number): void {
    const frame = new Outgoing(item.frame);
    let message: LiveMessage | null = null;
    for (let target = 0; target < item.targets.length; target++) {
      const connection = this.#on.connections.find(item.targets[target]!);
      if (connection === undefined) {
        unreached.push({ item: index, target });
      } else if (item.position === null) {
        this.#writeOther(connection, frame, nowMs);
      } else {
        message ??= liveMessageOf(item.frame, nowMs);
        if (!this.#on.live.offer(connection, message, frame, nowMs)) unreached.push({ item: index, target });
      }
    }
    if (item.watchersOf !== undefined) {
      this.#on.watches.changes(item.watchersOf);
      for (const connection of this.#on.watches.watchersOf(item.watchersOf)) this.#writeOther(connection, frame, nowMs);
    }
    if (item.everyone === true) {
      for (const connection of this.#on.connections) this.#writeOther(connection, frame, nowMs);
    }
  }

  #writeOther(connection: Connection, frame: Outgoing, nowMs: number): void {
    if (connection.bufferedBytes > this.#highWaterBytes || connection.write(frame) === 'dropped') {
      this.#on.live.fellBehind(connection);
    }
    const code = frame.avro[0];
    if (code === frameCodes.accepted) this.#accepted(connection, frame, nowMs);
    else if (code === frameCodes.refused) settleVerdict(connection);
  }

  /** The place of an own message proves, like a live one, up to where the conversation is projected. */
  #accepted(connection: Connection, frame: Outgoing, nowMs: number): void {
    settleVerdict(connection);
    const { name, body } = decodeFrame(frame.avro);
    if (name !== 'accepted') return;
    const mark = this.#on.live.mark(connection, body.conversation_id, nowMs);
    if (mark !== null) mark.projectedSeq = Math.max(mark.projectedSeq, body.seq);
  }
}

function settleVerdict(connection: Connection): void {
  connection.verdictsAwaited = Math.max(0, connection.verdictsAwaited - 1);
}
