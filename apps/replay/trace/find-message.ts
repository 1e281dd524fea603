/**
 * Finds in which conversation a message id was sent, if nobody says.
 *
 * A send is appended within seconds of its id's time, so that time's surroundings are read first, in every partition; then what came after.
 * Records are looked at as bytes and decoded only where the id occurs in them. The id of a system message occurs in none: it follows
 * from a change in the directory, so around its time these are decoded, and their ids made.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { messageIdTimeMs } from '@parley/schemas/identity/message-id';
import { systemIdOf } from '@parley/streams/conversation/system-message';
import type { LogReader, LogRecord } from '@parley/streams/log/log';
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
  return (
    (await search(options, isSendOf(options), from, until)) ??
    (await search(options, isTold(options), from, until)) ??
    (await search(options, isSendOf(options), until, null))
  );
}

/** The conversation, if the record is what is looked for. */
type Look = (record: LogRecord) => Promise<string | null>;

function isSendOf({ codec, messageId }: FindOptions): Look {
  return async (record) => {
    if (record.value?.includes(messageId, 0, 'latin1') !== true) return null;
    const { event } = await decodeRecord(codec, record);
    // Others may name it as what they answer or change.
    const isOwn = event?.name === 'message_sent' && event.event.message_id === messageId;
    return isOwn ? event.event.conversation_id : null;
  };
}

function isTold({ codec, messageId }: FindOptions): Look {
  const atMs = messageIdTimeMs(messageId);
  return async (record) => {
    const { event } = await decodeRecord(codec, record);
    if (event === null || !('directory_version' in event.event)) return null;
    const { conversation_id: conversationId, directory_version: version } = event.event;
    return systemIdOf({ conversationId, version, atMs, attempt: 0 }).messageId === messageId ? conversationId : null;
  };
}

async function search(
  options: FindOptions,
  look: Look,
  fromMs: number,
  untilMs: number | null,
): Promise<string | null> {
  const { log, bar } = options;
  const partitions = await log.partitionCount(topics.messages);
  for (let partition = 0; partition < partitions; partition++) {
    bar.update(partition, partitions, `${topics.messages}/${partition}`);
    const found = await searchPartition(options, look, partition, fromMs, untilMs);
    if (found !== null) return found;
  }
  return null;
}

async function searchPartition(
  { log }: FindOptions,
  look: Look,
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
      const found = await look(record);
      if (found !== null) return found;
    }
  }
  return null;
}
