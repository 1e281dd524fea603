/** One thing that an operator looks into, on a cell in which something has happened. */
import assert from 'node:assert/strict';
import type { ClusterWorld } from '../world/cluster-world.ts';
import type { EmbeddedWorld } from '../world/embedded-world.ts';
import type { Profile } from '../world/world.ts';
import type { Replay, ReplayResult } from './replay-command.ts';

export interface Surroundings {
  readonly world: EmbeddedWorld | ClusterWorld;
  readonly replay: Replay;
  /** For a command that goes on until it is told to stop: told after a while. */
  readonly replayUntilTold: Replay;
}

export interface Inspection {
  readonly name: string;
  /** Both where it is absent. */
  readonly profiles?: readonly Profile[];
  /** Why this machine can't; null if it can. */
  missing?(): Promise<string | null>;
  run(surroundings: Surroundings): Promise<void>;
}

/** The summary of a command that must hold. */
export function summaryOf<T>({ exitCode, summary, stderr, stdout }: ReplayResult): T {
  assert.ok(summary !== null, `exit code ${exitCode}: ${stderr.slice(-2_000)}`);
  assert.equal(exitCode, 0, `${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`);
  return summary as T;
}
