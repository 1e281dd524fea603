/**
 * Commits offsets for many partitions with few requests.
 *
 * The partitions of a fetch are handled at the same time and end at nearly the same time. What they have to commit in one tick, and
 * what comes while a request is on its way, goes out in the next one. Whoever commits waits until its offset is with the broker, so
 * that nothing is left over when the group is left. Offsets of a generation that is over are dropped: the partitions may be others'.
 */
import { pause, type Timers } from '@parley/schemas/environment/clock';
import type { EachBatchPayload } from 'kafkajs';
import type { Logger } from 'pino';
import type { Assignment } from './assignment.ts';

const attempts = 20;
const pauseBetweenAttemptsMs = 250;

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly generation: number;
}

export interface OffsetCommitsOptions {
  readonly assignment: Assignment;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly group: string;
  /** True if the failure says that the generation is over. */
  readonly isRebalance: (error: unknown) => boolean;
}

export class OffsetCommits {
  private readonly options: OffsetCommitsOptions;
  private waiting = new Map<string, OffsetToCommit>();
  private told: Array<() => void> = [];
  private running = false;

  constructor(options: OffsetCommitsOptions) {
    this.options = options;
  }

  commit(offset: OffsetToCommit, payload: EachBatchPayload): Promise<void> {
    this.waiting.set(`${offset.topic}/${offset.partition}`, offset);
    const done = new Promise<void>((resolve) => {
      this.told.push(resolve);
    });
    if (!this.running) void this.run(payload);
    return done;
  }

  private async run(payload: EachBatchPayload): Promise<void> {
    this.running = true;
    await Promise.resolve(); // The other partitions of this tick join.
    while (this.waiting.size > 0) {
      const [offsets, told] = [[...this.waiting.values()], this.told];
      this.waiting = new Map();
      this.told = [];
      await this.send(offsets, payload);
      for (const tell of told) tell();
    }
    this.running = false;
  }

  /** What was handled stays handled if this fails for good: the records since the last commit come again after a rebalance. */
  private async send(offsets: readonly OffsetToCommit[], payload: EachBatchPayload): Promise<void> {
    const { assignment, isRebalance, logger, group, timers } = this.options;
    for (let attempt = 1; ; attempt++) {
      const held = offsets.filter(({ generation }) => assignment.isHeld(generation));
      if (held.length === 0) return;
      try {
        // By a payload's own means: the consumer's would do nothing, and say nothing, while it is being stopped.
        await payload.commitOffsetsIfNecessary({ topics: byTopic(held) });
        return;
      } catch (error) {
        if (isRebalance(error)) return;
        logger.warn({ err: error, group, partitions: held.length, attempt }, 'a commit failed');
        if (attempt >= attempts) return;
        await pause(timers, pauseBetweenAttemptsMs);
      }
    }
  }
}

function byTopic(offsets: readonly OffsetToCommit[]) {
  const topics = new Map<string, Array<{ partition: number; offset: string }>>();
  for (const { topic, partition, nextOffset } of offsets) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partition, offset: String(nextOffset) });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
