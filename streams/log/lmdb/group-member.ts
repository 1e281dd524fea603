/** One subscription of a group in this process: it takes an assignment, feeds its handler, and gives the assignment back drained. */

import { pause } from '@parley/schemas/environment/clock';
import { BatchRetry } from '../batch-retry.ts';
import type { BatchHandler, SubscribeOptions } from '../log.ts';
import type { Partition } from './partition.ts';
import { PartitionPump, type PumpContext } from './partition-pump.ts';

export class GroupMember {
  readonly options: SubscribeOptions;
  private readonly context: PumpContext;
  private pumps: PartitionPump[] = [];
  private leaving = false;
  private markReady: () => void = () => undefined;
  private readonly firstAssignment = new Promise<void>((resolve) => {
    this.markReady = resolve;
  });

  constructor(options: SubscribeOptions, context: PumpContext) {
    this.options = options;
    this.context = context;
  }

  get handler(): BatchHandler {
    return this.options.handler;
  }

  ready(): Promise<void> {
    return this.firstAssignment;
  }

  /** Batches in flight stop being current at once; resolves when they have ended and their commits are done. */
  async giveBack(): Promise<void> {
    for (const pump of this.pumps) pump.revoke();
    await Promise.all(this.pumps.map((pump) => pump.drained()));
    this.pumps = [];
  }

  async take(generation: number, partitions: readonly Partition[]): Promise<void> {
    await this.tellAssigned(generation, partitions);
    if (this.leaving) return;
    this.pumps = partitions.map(
      (partition) => new PartitionPump(this.context, partition, generation, this.positionOf(partition)),
    );
    for (const pump of this.pumps) pump.start();
    this.markReady();
  }

  leave(): void {
    this.leaving = true;
    for (const pump of this.pumps) pump.revoke();
    this.markReady();
  }

  private positionOf({ topic, partition, earliest, end }: Partition): number {
    const committed = this.context.checkpoints.load(this.options.group, topic, partition);
    return committed ?? (this.options.from === 'earliest' ? earliest : end);
  }

  /** A handler that can't take its assignment yet is asked again, as with a batch; nothing is read before. */
  private async tellAssigned(generation: number, partitions: readonly Partition[]): Promise<void> {
    const retry = new BatchRetry();
    const named = partitions.map(({ topic, partition }) => ({ topic, partition }));
    while (!this.leaving) {
      try {
        return await this.handler.assigned(generation, named);
      } catch (error) {
        this.context.logger.warn({ err: error, group: this.options.group }, 'an assignment failed and comes again');
        await pause(this.context.timers, retry.nextDelayMs());
      }
    }
  }
}
