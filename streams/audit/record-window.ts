/** The records of one partition as digests, read ahead just far enough to recognise what was renumbered. */
import type { LogReader } from '../log/log.ts';
import type { Place } from './alignment.ts';
import { recordDigest } from './record-digest.ts';

/** A record and its whole digest. */
export interface DigestedRecord extends Place {
  readonly whole: Buffer;
}

export class RecordWindow {
  readonly #batches: AsyncIterator<readonly DigestedRecord[]>;
  #records: readonly DigestedRecord[] = [];
  #ended = false;

  constructor(log: Pick<LogReader, 'read'>, range: { topic: string; partition: number; fromOffset: number }) {
    const { topic, partition, fromOffset } = range;
    const batches = log.read({ topic, partition, from: { offset: fromOffset }, maxBatchRecords: 1_000 });
    this.#batches = digested(batches)[Symbol.asyncIterator]();
  }

  /** What is in the window, once it holds everything below the offset. */
  async below(offset: number): Promise<readonly DigestedRecord[]> {
    while (!this.#ended && (this.#records.at(-1)?.offset ?? -1) < offset) {
      const { done, value } = await this.#batches.next();
      if (done === true) this.#ended = true;
      else this.#records = [...this.#records, ...value];
    }
    return this.#records;
  }

  /** What is left after some were judged. */
  keep(records: readonly DigestedRecord[]): void {
    this.#records = records;
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}

async function* digested(
  batches: AsyncIterable<readonly Parameters<typeof recordDigest>[0][]>,
): AsyncGenerator<readonly DigestedRecord[]> {
  for await (const records of batches) {
    yield records.map((record) => {
      const whole = recordDigest(record);
      return { offset: record.offset, digest: whole.subarray(0, 16), whole };
    });
  }
}
