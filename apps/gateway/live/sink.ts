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
import type { ReadPrivacy } from '../lookups/read-privacy.ts';
import { Outgoing } from '../outgoing.ts';
import type { PresenceTeller } from '../presence/presence-teller.ts';
import type { GatewaySettings } from '../settings.ts';
import type { LiveDelivery } from './live-delivery.ts';
import { type LiveMessage, liveMessageOf } from './live-message.ts';
import { writeUnasked } from './unasked.ts';

export interface SinkDependencies {
  readonly connections: Connections;
  readonly presence: PresenceTeller;
  readonly live: LiveDelivery;
  readonly privacy: ReadPrivacy;
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
        this.#writeTo(connection, frame, nowMs);
      } else {
        message ??= liveMessageOf(item.frame, nowMs);
        if (!this.#on.live.offer(connection, message, frame, nowMs)) unreached.push({ item: index, target });
      }
    }
    if (item.watchersOf !== undefined) {
      this.#on.presence.changed(item.watchersOf, frame);
    }
    if (item.everyone === true) {
      for (const connection of this.#on.connections) this.#writeOther(connection, frame, nowMs);
    }
  }

  /** Who sends no read receipts is told of nobody's either, but of their own on another device. */
  #writeTo(connection: Connection, frame: Outgoing, nowMs: number): void {
    const sends = tellsRead(frame, connection.userId) ? this.#on.privacy.known(connection.userId) : true;
    if (sends === true) this.#writeOther(connection, frame, nowMs);
    else if (sends === undefined) void this.#writeIfSender(connection, frame);
  }

  async #writeIfSender(connection: Connection, frame: Outgoing): Promise<void> {
    if (await this.#on.privacy.sendsReceipts(connection.userId))
      this.#writeOther(connection, frame, this.#on.clock.nowMs());
  }

  #writeOther(connection: Connection, frame: Outgoing, nowMs: number): void {
    writeUnasked(connection, frame, this.#on.live, this.#highWaterBytes);
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

/** True for what others have read. */
function tellsRead({ avro }: Outgoing, userId: string): boolean {
  if (avro[0] !== frameCodes.receipt && avro[0] !== frameCodes.receipt_aggregate) return false;
  const { name, body } = decodeFrame(avro);
  if (name === 'receipt_aggregate') return body.kind === 'read';
  return name === 'receipt' && body.kind === 'read' && body.user_id !== userId;
}

function settleVerdict(connection: Connection): void {
  connection.verdictsAwaited = Math.max(0, connection.verdictsAwaited - 1);
}
