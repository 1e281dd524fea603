/** Where chaos happens: a running Parley, and how each planned fault is done to it and undone. */
import type { ReplayCommand } from '../generations/replay-command.ts';
import type { BaseWorld } from '../world/base-world.ts';
import type { ProcessLogs } from './logs.ts';
import type { PlannedFault } from './plan.ts';

/** Undoes a fault; what takes time to come back is there again when it resolves, as far as that is in anybody's hand. */
export type Repair = () => Promise<void>;

export interface ChaosStage {
  readonly world: BaseWorld;
  /** `npm run replay` on its cell, past all proxies. */
  readonly replay: ReplayCommand;
  /** Starts everything. */
  open(): Promise<void>;
  /** Resolves once the harm is done. */
  harm(fault: PlannedFault): Promise<Repair>;
  /** Processes that ended by themselves, and nothing explains it. */
  readonly crashes: readonly string[];
  /** What is to run and does not, at the moment. */
  readonly missing: readonly string[];
  /** Of its processes. */
  readonly logs: ProcessLogs;
  /** Ends everything in order, and leaves nothing behind. */
  close(): Promise<void>;
  /** Removes what `close` would, at once and whatever is going on: its processes are dead already. */
  abandon(): void;
}
