/** Appends a list of records and waits for all of them: for callers that are not on the hot path of a single message. */
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append, Log } from './log.ts';

export interface AppendRequest {
  readonly topic: string;
  readonly key: string;
  readonly partitionKey?: string;
  readonly value: Buffer | null;
  readonly timestampMs: number;
}

export interface Appended {
  readonly partition: number;
  readonly offset: number;
}

/** @throws the first ParleyError of any record; others may have been appended all the same. */
export function appendAll(log: Pick<Log, 'append'>, requests: readonly AppendRequest[]): Promise<Appended[]> {
  return new Promise((resolve, reject) => {
    const results = new Array<Appended>(requests.length);
    let open = requests.length;
    if (open === 0) resolve(results);
    requests.forEach((request, index) => {
      const record: Append = {
        topic: request.topic,
        key: request.key,
        partitionKey: request.partitionKey ?? null,
        value: request.value,
        timestampMs: request.timestampMs,
        appended(partition, offset) {
          results[index] = { partition, offset };
          if (--open === 0) resolve(results);
        },
        failed(error: ParleyError) {
          reject(error);
        },
      };
      log.append(record);
    });
  });
}
