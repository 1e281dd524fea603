/**
 * Dead letters: what no version of the code can process is kept whole and counted before anything after it is processed.
 *
 * A batch that comes again brings its poison again; what this process has buried already is not buried twice, so that a partition
 * that waits for a store does not fill the topic meanwhile. Another process may bury it once more: a letter names the place where
 * the record stood.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { hasCode, type ParleyError } from '@parley/schemas/errors/parley-error';
import type { DeadLetter } from '@parley/schemas/generated/events';
import type { Counter, Registry } from 'prom-client';
import { counterIn } from '../delivery/link-metrics.ts';
import { appendAll } from '../log/append-all.ts';
import type { Log, LogRecord } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import type { PoisonSink } from './decode-batch.ts';

export interface DeadLetterDependencies {
  readonly log: Pick<Log, 'append'>;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly metrics: Registry;
}

function letterOf(record: LogRecord, error: ParleyError): DeadLetter {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp_ms: record.timestampMs,
    key: record.key,
    value: record.value,
    code: error.code,
    detail: error.detail ?? '',
  };
}

/** A record as large as the log takes leaves no room for what the letter adds; it still stands where it stood. */
function withoutValue(letter: DeadLetter): DeadLetter {
  const bytes = letter.value?.length ?? 0;
  return {
    ...letter,
    key: null,
    value: null,
    detail: `${letter.detail}; ${bytes} bytes are at its offset only`.trim(),
  };
}

export class DeadLetters implements PoisonSink {
  readonly #dependencies: DeadLetterDependencies;
  readonly #buried: Counter<'topic' | 'code'>;
  /** The highest offset buried, by topic and partition. */
  readonly #last = new Map<string, number>();

  constructor(dependencies: DeadLetterDependencies) {
    this.#dependencies = dependencies;
    this.#buried = counterIn(dependencies.metrics, {
      name: 'parley_dead_letters_total',
      help: 'Records that no version of the code can process, by topic and error code',
      labelNames: ['topic', 'code'],
    });
  }

  /** Records of a partition come in order of offset. @throws ParleyError of the log: the record is to come again */
  async bury(record: LogRecord, error: ParleyError): Promise<void> {
    const place = `${record.topic}/${record.partition}`;
    if (record.offset <= (this.#last.get(place) ?? -1)) return;
    const letter = letterOf(record, error);
    try {
      await this.#append(letter);
    } catch (failure) {
      if (!hasCode(failure, 'record_too_large')) throw failure;
      await this.#append(withoutValue(letter));
    }
    this.#last.set(place, record.offset);
    this.#buried.inc({ topic: record.topic, code: error.code });
  }

  async #append(letter: DeadLetter): Promise<void> {
    const { log, codec, clock } = this.#dependencies;
    const value = codec.encode('dead_letter', letter);
    const key = `${letter.topic}/${letter.partition}/${letter.offset}`;
    await appendAll(log, [{ topic: topics.deadLetters, key, value, timestampMs: clock.nowMs() }]);
  }
}
