/** A personal mark on its way into the log. */
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';

/**
 * One key for each kind and device, so that compaction keeps each device's last mark: two devices may be heard by the log in another
 * order than that of their versions, and the greater one must stay.
 */
export function markKey(conversationId: string, userId: string, kind: string, deviceId: string): string {
  return `${conversationId}:${userId}:mark_${kind}:${deviceId}`;
}

export class MarkAppend implements Append {
  readonly topic = topics.receipts;
  readonly key: string;
  readonly partitionKey: string;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly #settle: (error: ParleyError | null) => void;

  constructor(
    key: string,
    partitionKey: string,
    value: Buffer,
    timestampMs: number,
    settle: (error: ParleyError | null) => void,
  ) {
    this.key = key;
    this.partitionKey = partitionKey;
    this.value = value;
    this.timestampMs = timestampMs;
    this.#settle = settle;
  }

  appended(): void {
    this.#settle(null);
  }

  failed(error: ParleyError): void {
    this.#settle(error);
  }
}
