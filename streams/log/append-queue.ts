/**
 * The bounded queue of appended records that both adapters put before their store.
 *
 * Records wait in order of their append. `take` hands out the next group; a group's records still count against the bounds until
 * `settled` is called, because they are in memory until then. Beyond a bound `push` refuses, and nothing was queued.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { LogLimits } from './limits.ts';
import type { Append } from './log.ts';

/** What a record costs in memory beside its key and value. */
const overheadBytes = 64;

export interface AppendGroup {
  readonly records: readonly Append[];
  readonly bytes: number;
}

export class AppendQueue {
  private readonly limits: LogLimits;
  private waiting: Append[] = [];
  private waitingBytes: number[] = [];
  /** Index of the first record that waits: shifting an array of thousands would cost more than it frees. */
  private head = 0;
  private heldRecords = 0;
  private heldBytes = 0;

  constructor(limits: LogLimits) {
    this.limits = limits;
  }

  get waitingRecords(): number {
    return this.waiting.length - this.head;
  }

  /** @throws ParleyError `record_too_large`, `queue_full` */
  push(record: Append): void {
    invariant(Number.isSafeInteger(record.timestampMs) && record.timestampMs >= 0, 'a timestamp is whole milliseconds');
    const bytes = Buffer.byteLength(record.key) + (record.value === null ? 0 : record.value.length);
    if (bytes > this.limits.maxRecordBytes) {
      throw new ParleyError('record_too_large', { detail: `${bytes} of at most ${this.limits.maxRecordBytes} bytes` });
    }
    const held = bytes + overheadBytes;
    if (this.heldRecords >= this.limits.maxQueuedRecords || this.heldBytes + held > this.limits.maxQueuedBytes) {
      throw new ParleyError('queue_full', { retryAfterMs: 1_000 });
    }
    this.waiting.push(record);
    this.waitingBytes.push(held);
    this.heldRecords += 1;
    this.heldBytes += held;
  }

  /** The next records, at least one and at most a group's worth. */
  take(): AppendGroup {
    const { maxGroupRecords, maxGroupBytes } = this.limits;
    const last = Math.min(this.waiting.length, this.head + maxGroupRecords);
    let end = this.head;
    let bytes = 0;
    while (end < last && (end === this.head || bytes + this.waitingBytes[end]! <= maxGroupBytes)) {
      bytes += this.waitingBytes[end]!;
      end += 1;
    }
    const records = this.waiting.slice(this.head, end);
    this.head = end;
    this.forgetTaken();
    return { records, bytes };
  }

  settled(group: AppendGroup): void {
    this.heldRecords -= group.records.length;
    this.heldBytes -= group.bytes;
    invariant(this.heldRecords >= 0 && this.heldBytes >= 0, 'a group is settled once');
  }

  private forgetTaken(): void {
    if (this.head === this.waiting.length) {
      this.waiting = [];
      this.waitingBytes = [];
      this.head = 0;
    } else if (this.head > 4_096) {
      this.waiting = this.waiting.slice(this.head);
      this.waitingBytes = this.waitingBytes.slice(this.head);
      this.head = 0;
    }
  }
}
