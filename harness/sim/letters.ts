/** What became of records that nobody can process: their dead letters, whole and counted (invariant 12). */
import type { DeadLetter } from '@parley/schemas/generated/events';
import type { LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { RecordedLetters, RecordedPoison } from '../checks/history.ts';
import type { World } from './world.ts';

const counter = 'parley_dead_letters_total';
const placeOf = ({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string =>
  `${topic}/${partition}@${offset}`;

function* lettersIn({ broker, codec }: World): Generator<DeadLetter> {
  for (const { value } of broker.topic(topics.deadLetters).partitions.flatMap(({ records }) => records)) {
    const { name, event } = codec.decode(value);
    if (name === 'dead_letter') yield event;
  }
}

export function poisonOf(world: World, poison: ReadonlySet<Buffer>): RecordedPoison[] {
  const letters = new Map([...lettersIn(world)].map((letter) => [placeOf(letter), letter]));
  return [...world.broker.topics.values()].flatMap(({ partitions }) =>
    partitions.flatMap(({ records }) =>
      records.flatMap((record) => {
        if (record.value === null || !poison.has(record.value)) return [];
        const letter = letters.get(placeOf(record));
        const isWhole = letter !== undefined && isAsItStood(letter, record);
        return [{ place: placeOf(record), isBuried: letter !== undefined, isWhole }];
      }),
    ),
  );
}

function isAsItStood(letter: DeadLetter, { key, value, timestampMs }: LogRecord): boolean {
  if (letter.key === null || letter.value === null || key === null || value === null) return false;
  return letter.key.equals(key) && letter.value.equals(value) && letter.timestamp_ms === timestampMs;
}

export async function lettersOf(world: World, isFaultless: boolean): Promise<RecordedLetters> {
  const kept = [...lettersIn(world)].length;
  return { kept, counted: await world.utterances.sumOf(counter), isExact: isFaultless };
}
