/** Reads a range of a topic, partition after partition, into a sink: in bounded memory, however long it is. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { LogReader } from '@parley/streams/log/log';
import type { ProgressBar } from '../cli/progress.ts';
import { decodeRecord } from '../reading/decode-record.ts';
import { offsetOf, type Point } from '../reading/point.ts';
import type { ExportSink } from './sink.ts';

export interface ExportRange {
  readonly topic: string;
  /** All where it is null. */
  readonly partition: number | null;
  readonly from: Point;
  /** Exclusive; the end of the log as it is now where it is null. */
  readonly to: Point | null;
}

export interface ExportCounts {
  readonly partitions: number;
  readonly records: number;
  /** Of those, records that nobody can read: they are exported as bytes. */
  readonly unreadable: number;
  /** False if it was told to stop. */
  readonly complete: boolean;
}

interface PartitionRange {
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

async function rangesOf(log: LogReader, { topic, partition, from, to }: ExportRange): Promise<PartitionRange[]> {
  const count = await log.partitionCount(topic);
  const all = partition === null ? Array.from({ length: count }, (_, index) => index) : [partition];
  const ranges: PartitionRange[] = [];
  for (const one of all) {
    const place = { topic, partition: one };
    const { earliest, end } = await log.bounds(topic, one);
    const fromOffset = Math.max(earliest, await offsetOf(log, place, from));
    const toOffset = to === null ? end : await offsetOf(log, place, to);
    ranges.push({ partition: one, fromOffset, toOffset: Math.max(fromOffset, toOffset) });
  }
  return ranges;
}

export async function exportTopic(
  { log, codec }: { readonly log: LogReader; readonly codec: EventCodec },
  range: ExportRange,
  sink: ExportSink,
  { bar, signal }: { readonly bar: ProgressBar; readonly signal: AbortSignal },
): Promise<ExportCounts> {
  const ranges = await rangesOf(log, range);
  const total = ranges.reduce((sum, { fromOffset, toOffset }) => sum + toOffset - fromOffset, 0);
  let records = 0;
  let unreadable = 0;
  let before = 0;
  for (const { partition, fromOffset, toOffset } of ranges) {
    const read = { topic: range.topic, partition, from: { offset: fromOffset }, toOffset };
    for await (const batch of fromOffset < toOffset ? log.read(read) : []) {
      if (signal.aborted) return { partitions: ranges.length, records, unreadable, complete: false };
      const decoded = [];
      for (const record of batch) decoded.push(await decodeRecord(codec, record));
      await sink.write(decoded);
      records += decoded.length;
      unreadable += decoded.filter(({ error }) => error !== null).length;
      bar.update(before + batch.at(-1)!.offset + 1 - fromOffset, total, `${range.topic}/${partition}`);
    }
    before += toOffset - fromOffset;
  }
  bar.end();
  return { partitions: ranges.length, records, unreadable, complete: true };
}
