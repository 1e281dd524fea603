/** When the devices of some users were connected, and to which gateway, as chat.presence tells it. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { PresenceChanged } from '@parley/schemas/generated/events';
import type { LogReader } from '@parley/streams/log/log';
import { partitionOf } from '@parley/streams/log/partitioner';
import { topics } from '@parley/streams/log/topics';
import { decodeRecord } from '../reading/decode-record.ts';

export interface Connection {
  readonly connectionId: number;
  readonly gatewayId: string;
  readonly onlineAtMs: number | null;
  /** Null while open, as far as the topic tells. */
  readonly offlineAtMs: number | null;
  /** The sweep of leases ended it, not its gateway. */
  readonly swept: boolean;
}

export class PresenceTimeline {
  /** By user and device, in order of connection id. */
  readonly #connections = new Map<string, Map<string, Connection[]>>();

  apply(event: PresenceChanged): void {
    const devices = this.#connections.get(event.user_id) ?? new Map<string, Connection[]>();
    this.#connections.set(event.user_id, devices);
    const list = devices.get(event.device_id) ?? [];
    const known = list.find((one) => one.connectionId === event.connection_id);
    const next: Connection = {
      connectionId: event.connection_id,
      gatewayId: event.gateway_id,
      // Said again for connections whose entries were lost: the first time counts.
      onlineAtMs: known?.onlineAtMs ?? (event.status === 'online' ? event.at_ms : null),
      offlineAtMs: known?.offlineAtMs ?? (event.status === 'offline' ? event.at_ms : null),
      swept: known?.swept === true || (event.status === 'offline' && event.swept),
    };
    const others = list.filter((one) => one.connectionId !== event.connection_id);
    devices.set(
      event.device_id,
      [...others, next].sort((a, b) => a.connectionId - b.connectionId),
    );
  }

  devicesOf(userId: string): readonly string[] {
    return [...(this.#connections.get(userId)?.keys() ?? [])];
  }

  connectionsOf(userId: string, deviceId: string): readonly Connection[] {
    return this.#connections.get(userId)?.get(deviceId) ?? [];
  }

  /** The connection that was open at the time; the newest, should there have been two. */
  at(userId: string, deviceId: string, timeMs: number): Connection | null {
    const open = this.connectionsOf(userId, deviceId).filter(
      ({ onlineAtMs, offlineAtMs }) =>
        onlineAtMs !== null && onlineAtMs <= timeMs && (offlineAtMs === null || offlineAtMs > timeMs),
    );
    return open.at(-1) ?? null;
  }
}

/** Reads the partitions of these users, as far back as the topic is kept. */
export async function presenceOf(
  { log, codec }: { readonly log: LogReader; readonly codec: EventCodec },
  userIds: readonly string[],
): Promise<PresenceTimeline> {
  const timeline = new PresenceTimeline();
  const count = await log.partitionCount(topics.presence);
  const byPartition = new Map<number, Set<string>>();
  for (const userId of userIds) {
    const partition = partitionOf(userId, count);
    byPartition.set(partition, (byPartition.get(partition) ?? new Set()).add(userId));
  }
  for (const [partition, users] of byPartition) {
    const { earliest, end } = await log.bounds(topics.presence, partition);
    if (earliest >= end) continue;
    const range = { topic: topics.presence, partition, from: { offset: earliest }, toOffset: end };
    for await (const batch of log.read(range)) {
      for (const record of batch) {
        if (!users.has(record.key?.toString('latin1') ?? '')) continue;
        const { event } = await decodeRecord(codec, record);
        if (event?.name === 'presence_changed') timeline.apply(event.event);
      }
    }
  }
  return timeline;
}
