/**
 * Which generation of its group a subscription is in, and whether a batch of it may still count.
 *
 * A generation begins when the group has dealt out its partitions, and ends when the next join begins, a heartbeat is told of a
 * rebalance, or the subscription closes. kafkajs joins again after the batches in flight, but for one case: a fetch that finds its
 * metadata stale joins while another broker's batches are still being handled. So a batch enters only after the handler was told
 * of its assignment, which waits for the batches of the generation before; and what a batch of an old generation returns moves
 * neither position nor commit, because those now belong to the new one.
 */
import { pause, type Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import { BatchRetry } from '../batch-retry.ts';
import type { BatchHandler } from '../log.ts';

export interface AssignmentOptions {
  readonly handler: BatchHandler;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class Assignment {
  private readonly options: AssignmentOptions;
  private number = 0;
  /** The generation's partitions are ours: its batches move the position and may commit. */
  private held = false;
  /** Nothing calls for its batches to stop early. */
  private current = false;
  private closing = false;
  private inside = 0;
  private wakeDrained: Array<() => void> = [];
  private entry: Promise<void> = Promise.resolve();
  private markReady: () => void = () => undefined;
  readonly ready = new Promise<void>((resolve) => {
    this.markReady = resolve;
  });

  constructor(options: AssignmentOptions) {
    this.options = options;
  }

  get generation(): number {
    return this.number;
  }

  isHeld(generation: number): boolean {
    return this.held && generation === this.number;
  }

  isCurrent(generation: number): boolean {
    return this.current && !this.closing && generation === this.number;
  }

  /** A join begins: the partitions may be dealt to others from now on. */
  lost(): void {
    this.held = false;
    this.current = false;
  }

  /** A rebalance was announced: the batches in flight should end, and still count. */
  ending(): void {
    this.current = false;
  }

  close(): void {
    this.closing = true;
    this.markReady();
  }

  joined(partitions: ReadonlyArray<{ topic: string; partition: number }>): void {
    this.number += 1;
    this.held = true;
    this.current = true;
    const generation = this.number;
    this.entry = this.drained().then(() => this.tell(generation, partitions));
  }

  /** Waits until the handler knows its assignment; false if that is over by then. Every true needs a `leave`. */
  async enter(generation: number): Promise<boolean> {
    await this.entry;
    if (!this.isCurrent(generation)) return false;
    this.inside += 1;
    return true;
  }

  leave(): void {
    this.inside -= 1;
    if (this.inside > 0) return;
    for (const wake of this.wakeDrained) wake();
    this.wakeDrained = [];
  }

  private drained(): Promise<void> {
    if (this.inside === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.wakeDrained.push(resolve);
    });
  }

  private async tell(
    generation: number,
    partitions: ReadonlyArray<{ topic: string; partition: number }>,
  ): Promise<void> {
    const { handler, logger, timers } = this.options;
    const retry = new BatchRetry();
    while (this.isCurrent(generation)) {
      try {
        await handler.assigned(generation, partitions);
        this.markReady();
        return;
      } catch (error) {
        logger.warn({ err: error }, 'an assignment failed and comes again');
        await pause(timers, retry.nextDelayMs());
      }
    }
  }
}
