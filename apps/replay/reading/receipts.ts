/** What the log holds of a conversation's receipts: the steps of each device's watermarks, merged as the processor merges them. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { ReceiptAdvanced } from '@parley/schemas/generated/events';
import type { LogReader } from '@parley/streams/log/log';
import { partitionOf } from '@parley/streams/log/partitioner';
import { topics } from '@parley/streams/log/topics';
import type { ReceiptRow } from '@parley/streams/processors/ports';
import { mergeReceipts } from '@parley/streams/processors/receipts-merge';
import { decodeRecord } from './decode-record.ts';
import { offsetOf } from './point.ts';

/** Events that are held at once before they are merged to what is left of them. */
const maxHeldEvents = 10_000;

/** Steps in order, rising for each device and kind; up to and with a time, where one is given. */
export async function receiptsOf(
  { log, codec }: { readonly log: LogReader; readonly codec: EventCodec },
  conversationId: string,
  untilMs: number | null,
): Promise<readonly ReceiptRow[]> {
  const partition = partitionOf(conversationId, await log.partitionCount(topics.receipts));
  const place = { topic: topics.receipts, partition };
  const { earliest, end } = await log.bounds(topics.receipts, partition);
  const toOffset = untilMs === null ? end : await offsetOf(log, place, { timeMs: untilMs + 1 });
  const prefix = Buffer.from(`${conversationId}:`, 'latin1');
  let rows: readonly ReceiptRow[] = [];
  let held: ReceiptAdvanced[] = [];
  for await (const batch of toOffset > earliest ? log.read({ ...place, from: { offset: earliest }, toOffset }) : []) {
    for (const record of batch) {
      if (record.key === null || !record.key.subarray(0, prefix.length).equals(prefix)) continue;
      const { event } = await decodeRecord(codec, record);
      if (event?.name === 'receipt_advanced') held.push(event.event);
    }
    if (held.length < maxHeldEvents) continue;
    rows = mergeReceipts([...rows.map(eventOf), ...held]).rows;
    held = [];
  }
  return mergeReceipts([...rows.map(eventOf), ...held]).rows;
}

function eventOf(row: ReceiptRow): ReceiptAdvanced {
  const { conversationId, userId, deviceId, kind, seq, ordinal, atMs } = row;
  return { conversation_id: conversationId, user_id: userId, device_id: deviceId, kind, seq, ordinal, at_ms: atMs };
}
