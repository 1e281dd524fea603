/** What is known of a device: how far it has each conversation, and how far the store of receipts says that it has. */
import { receiptStatements } from '@parley/projections/receipts/store.cql';
import type { RecordedWatermark } from '../checks/history.ts';
import type { Device } from './processes/device.ts';
import type { World } from './world.ts';

/** A device says `delivered` for what others sent; up to the last of those its watermark must stand. */
export function watermarksOf({ engine }: World, device: Device): RecordedWatermark[] {
  if (device.isOut) return [];
  return [...device.taken].flatMap(([conversationId, list]) => {
    const has = list.findLast(({ message }) => message.sender_device_id !== device.deviceId)?.seq ?? 0;
    const [row] = engine.read({ query: receiptStatements.watermarks, params: [conversationId, device.userId] }, 1);
    const known = (kind: 'delivered' | 'read'): number =>
      (row?.[kind] as Record<string, number> | null | undefined)?.[device.deviceId] ?? 0;
    return { deviceId: device.name, conversationId, has, known: Math.max(known('delivered'), known('read')) };
  });
}
