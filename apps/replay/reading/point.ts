/** A point of a partition as it is written on a command line: an offset, or a time as ISO 8601 or milliseconds. */
import type { LogReader } from '@parley/streams/log/log';
import { InvalidArgumentError } from 'commander';

export type Point = { readonly offset: number } | { readonly timeMs: number };

/** Smaller numbers are offsets, larger ones milliseconds: no partition holds so much, and nothing happened before 1973. */
const leastTimeMs = 100_000_000_000;

/** For commander. @throws InvalidArgumentError */
export function parsePoint(text: string): Point {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (Number.isSafeInteger(number)) return number < leastTimeMs ? { offset: number } : { timeMs: number };
  }
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('must be an offset, or a time (ISO 8601 or milliseconds)');
  return { timeMs };
}

/** The first offset at or after the point; the partition's end if there is none. */
export async function offsetOf(
  log: Pick<LogReader, 'read' | 'bounds'>,
  place: { readonly topic: string; readonly partition: number },
  point: Point,
): Promise<number> {
  const { end } = await log.bounds(place.topic, place.partition);
  if ('offset' in point) return Math.min(point.offset, end);
  for await (const [first] of log.read({ ...place, from: point, toOffset: end, maxBatchRecords: 1 })) {
    if (first !== undefined) return first.offset;
  }
  return end;
}
