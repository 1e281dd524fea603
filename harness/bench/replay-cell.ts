/** A cell whose log is written by the benchmark itself and derived by `npm run replay`: nothing else runs on it. */

import { defaultRebuildSettings } from '@parley/replay/rebuild/rebuild';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { pause } from '@parley/schemas/environment/clock';
import { systemTimers } from '@parley/schemas/environment/system';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append, Log, LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { inParallel } from '@parley/streams/processors/in-parallel';
import type { ReplayCommand } from '../generations/replay-command.ts';
import type { SaidEvent } from './replay-talk.ts';

export interface ReplayCell {
  readonly codec: EventCodec;
  readonly replay: ReplayCommand;
  /** Begins again with an empty log. */
  empty(): Promise<void>;
  /** Whoever asked closes it. */
  openWriter(): Promise<Log>;
  openReader(): Promise<LogReader>;
  close(): Promise<void>;
}

/** Fewer than a log takes at once. */
const mostOnTheWay = 10_000;

/** Counts down until all is settled, whatever was refused. */
class Appending {
  left = 0;
  refused: ParleyError | null = null;
}

class BenchAppend implements Append {
  readonly topic: string;
  readonly key: string;
  readonly partitionKey: string;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly #appending: Appending;

  constructor(event: SaidEvent, appending: Appending) {
    this.topic = event.topic;
    this.key = event.key;
    this.partitionKey = event.partitionKey;
    this.value = event.value;
    this.timestampMs = event.timestampMs;
    this.#appending = appending;
  }

  appended(): void {
    this.#appending.left -= 1;
  }

  failed(error: ParleyError): void {
    this.#appending.left -= 1;
    this.#appending.refused = error;
  }
}

export async function appendAll(cell: ReplayCell, events: Iterable<SaidEvent>): Promise<void> {
  const log = await cell.openWriter();
  const appending = new Appending();
  try {
    for (const event of events) {
      appending.left += 1;
      log.append(new BenchAppend(event, appending));
      while (appending.left >= mostOnTheWay) await pause(systemTimers, 1);
    }
    while (appending.left > 0) await pause(systemTimers, 1);
  } finally {
    await log.close();
  }
  if (appending.refused !== null) throw appending.refused;
}

/** Reads the same records as a rebuild, as it does, and does nothing with them: what no rebuild can be faster than. */
export async function readAll(cell: ReplayCell): Promise<{ readonly records: number; readonly seconds: number }> {
  const log = await cell.openReader();
  try {
    const startedMs = performance.now();
    let records = 0;
    const partitions = [];
    for (const topic of [topics.messages, topics.receipts]) {
      const count = await log.partitionCount(topic);
      for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition });
    }
    const { concurrency, batchRecords: maxBatchRecords } = defaultRebuildSettings;
    await inParallel(partitions, concurrency, async (place) => {
      for await (const batch of log.read({ ...place, from: { offset: 0 }, maxBatchRecords })) records += batch.length;
    });
    return { records, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    await log.close();
  }
}
