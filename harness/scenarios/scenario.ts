/** What a scenario is: a story told once, with its checks, that runs on every profile. */
import type { World } from '../world/world.ts';

export interface Scenario {
  readonly name: string;
  /** What this machine lacks for it; null if nothing. Then it is left out, with these words. */
  missing?(): Promise<string | null>;
  /** Rejects with the first thing that is not as it should be. */
  run(world: World): Promise<void>;
}
