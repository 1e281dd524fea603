/** Dead letters that are about a message: its records, or push jobs for it, as far back as they are kept. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { decodeRecord } from '../reading/decode-record.ts';

export interface FoundLetter {
  /** Where the record stood. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly detail: string;
  /** Where the letter is. */
  readonly letter_offset: number;
  readonly buried_at_ms: number;
}

export async function deadLettersOf(
  { log, codec }: { readonly log: LogReader; readonly codec: EventCodec },
  messageId: string,
  records: ReadonlyArray<{ readonly partition: number; readonly offset: number }>,
): Promise<readonly FoundLetter[]> {
  const places = new Set(records.map(({ partition, offset }) => `${topics.messages}/${partition}/${offset}`));
  const found: FoundLetter[] = [];
  const partitions = await log.partitionCount(topics.deadLetters);
  for (let partition = 0; partition < partitions; partition++) {
    const { earliest, end } = await log.bounds(topics.deadLetters, partition);
    if (earliest >= end) continue;
    const range = { topic: topics.deadLetters, partition, from: { offset: earliest }, toOffset: end };
    for await (const batch of log.read(range)) {
      for (const record of batch) {
        const { event } = await decodeRecord(codec, record);
        if (event?.name !== 'dead_letter') continue;
        const { topic, value, code, detail, ...at } = event.event;
        const isAbout =
          places.has(`${topic}/${at.partition}/${at.offset}`) || value?.includes(messageId, 0, 'latin1') === true;
        if (!isAbout) continue;
        const place = { topic, partition: at.partition, offset: at.offset };
        found.push({ ...place, code, detail, letter_offset: record.offset, buried_at_ms: record.timestampMs });
      }
    }
  }
  return found;
}
