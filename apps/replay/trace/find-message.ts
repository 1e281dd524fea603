/**
 * Finds in which conversation a message id was sent, if nobody says.
 *
 * A send is appended within seconds of its id's time, so that time's surroundings are read first, in every partition; then what came after.
 * Records are looked at as bytes and decoded only where the id occurs in them.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { messageIdTimeMs } from '@parley/schemas/identity/message-id';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { ProgressBar } from '../cli/progress.ts';
import { decodeRecord } from '../reading/decode-record.ts';
import { offsetOf } from '../reading/point.ts';

const beforeMs = 60_000;
const afterMs = 15 * 60_000;

export interface FindOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly messageId: string;
  readonly bar: ProgressBar;
}

/** Null if no record that can be read names the id as its own. */
export async function conversationOfMessage(options: FindOptions): Promise<string | null> {
  const sentMs = messageIdTimeMs(options.messageId);
  const [from, until] = [sentMs - beforeMs, sentMs + afterMs];
  return (await search(options, from, until)) ?? (await search(options, until, null));
}

async function search(options: FindOptions, fromMs: number, untilMs: number | null): Promise<string | null> {
  const { log, bar } = options;
  const partitions = await log.partitionCount(topics.messages);
  for (let partition = 0; partition < partitions; partition++) {
    bar.update(partition, partitions, `${topics.messages}/${partition}`);
    const found = await searchPartition(options, partition, fromMs, untilMs);
    if (found !== null) return found;
  }
  return null;
}

async function searchPartition(
  { log, codec, messageId }: FindOptions,
  partition: number,
  fromMs: number,
  untilMs: number | null,
): Promise<string | null> {
  const place = { topic: topics.messages, partition };
  const { earliest, end } = await log.bounds(topics.messages, partition);
  const fromOffset = Math.max(earliest, await offsetOf(log, place, { timeMs: Math.max(0, fromMs) }));
  const toOffset = untilMs === null ? end : await offsetOf(log, place, { timeMs: untilMs });
  if (fromOffset >= toOffset) return null;
  for await (const batch of log.read({ ...place, from: { offset: fromOffset }, toOffset, maxBatchRecords: 1_000 })) {
    for (const record of batch) {
      if (record.value === null || !record.value.includes(messageId, 0, 'latin1')) continue;
      const { event } = await decodeRecord(codec, record);
      // Others may name it as what they answer or change.
      if (event?.name === 'message_sent' && event.event.message_id === messageId) return event.event.conversation_id;
    }
  }
  return null;
}
