/** A partition of the embedded log as the running process knows it: its bounds, and who waits for its next record. */
import type { TopicSpec } from '../log.ts';

export interface PartitionWatcher {
  /** Durable records were added. Must not throw. */
  wake(): void;
}

export class Partition {
  readonly topic: string;
  readonly partition: number;
  readonly id: number;
  readonly watchers = new Set<PartitionWatcher>();
  /** The first offset that may still exist. */
  earliest: number;
  /** The next offset; everything below it is durable. Readers go no further. */
  end: number;
  /** The greatest timestamp of all durable records. */
  maxTimestampMs: number;
  /** Beyond `end`, while a group is being written. */
  pendingEnd: number;
  pendingMaxTimestampMs: number;

  constructor(
    topic: string,
    partition: number,
    id: number,
    stored: { earliest: number; end: number; maxTimestampMs: number },
  ) {
    this.topic = topic;
    this.partition = partition;
    this.id = id;
    this.earliest = stored.earliest;
    this.end = stored.end;
    this.pendingEnd = stored.end;
    this.maxTimestampMs = stored.maxTimestampMs;
    this.pendingMaxTimestampMs = stored.maxTimestampMs;
  }

  /** Takes the next offset for a record of the group in hand. */
  reserve(timestampMs: number): number {
    if (timestampMs > this.pendingMaxTimestampMs) this.pendingMaxTimestampMs = timestampMs;
    return this.pendingEnd++;
  }

  groupCommitted(): void {
    this.end = this.pendingEnd;
    this.maxTimestampMs = this.pendingMaxTimestampMs;
    for (const watcher of this.watchers) watcher.wake();
  }

  groupFailed(): void {
    this.pendingEnd = this.end;
    this.pendingMaxTimestampMs = this.maxTimestampMs;
  }
}

export interface Topic {
  readonly spec: TopicSpec;
  readonly partitions: readonly Partition[];
}
