/** Deliveries as messages of delivery.proto and back; each distinct array of targets is written once for a batch. */
import type { ConnectionRef, DeliveryItem, Unreached } from './delivery.ts';
import type { WireBatch, WireTaken, WireTarget } from './delivery-schema.ts';

const toWireTarget = (one: ConnectionRef): WireTarget => ({
  user_id: one.userId,
  device_id: one.deviceId,
  connection_id: one.connectionId,
});

const fromWireTarget = (one: WireTarget): ConnectionRef => ({
  userId: one.user_id,
  deviceId: one.device_id,
  connectionId: one.connection_id,
});

export function toWireBatch(id: number, items: readonly DeliveryItem[]): WireBatch {
  const batch: WireBatch = { id, target_lists: [], items: [] };
  const listOf = new Map<readonly ConnectionRef[], number>();
  for (const { frame, position, targets, watchersOf, everyone } of items) {
    let list = targets.length === 0 ? 0 : (listOf.get(targets) ?? -1);
    if (list < 0) {
      list = batch.target_lists.push({ targets: targets.map(toWireTarget) });
      listOf.set(targets, list);
    }
    batch.items.push({
      frame,
      position:
        position === null
          ? null
          : { conversation_id: position.conversationId, seq: position.seq, at_ms: position.atMs },
      target_list: list,
      watchers_of: watchersOf ?? '',
      everyone: everyone ?? false,
    });
  }
  return batch;
}

/** Items that name the same list share the array. */
export function fromWireBatch(batch: WireBatch): DeliveryItem[] {
  const lists = batch.target_lists.map((list) => list.targets.map(fromWireTarget));
  return batch.items.map(({ frame, position, target_list, watchers_of, everyone }) => ({
    frame,
    position:
      position === null ? null : { conversationId: position.conversation_id, seq: position.seq, atMs: position.at_ms },
    targets: lists[target_list - 1] ?? [],
    ...(watchers_of === '' ? {} : { watchersOf: watchers_of }),
    ...(everyone ? { everyone } : {}),
  }));
}

export function toWireTaken(id: number, unreached: readonly Unreached[]): WireTaken {
  return { id, unreached: unreached.map(({ item, target }) => ({ item, target })) };
}
